// SPDX-License-Identifier: Apache-2.0
// The list of jobs that the worker program can do. A new one adds its line here and in all.cpp.
#pragma once

#include "core/report.hpp"

#include <string_view>

namespace recoverd::worker {

struct Job {
    std::string_view name;
    /// `input` is a JSON object with the job's options. May throw io::BadDocument.
    core::Result<core::Seen> (*run)(std::string_view input);
};

/// The job of that name, or nullptr.
const Job* find(std::string_view name);

namespace files {
core::Result<core::Seen> run(std::string_view input);
}

} // namespace recoverd::worker
