// SPDX-License-Identifier: Apache-2.0
// How a Job ended, whatever it is for.
#pragma once

#include "collectors/kubernetes/words.hpp"

namespace recoverd::collectors::kubernetes_parts {

struct JobEnd {
    bool completed = false;
    Time at;
    /// Of one that failed.
    std::string why;
};

/// Nothing while it goes on. Throws BadDocument.
std::optional<JobEnd> end_of_job(const io::Json& job);

} // namespace recoverd::collectors::kubernetes_parts
