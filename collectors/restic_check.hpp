// SPDX-License-Identifier: Apache-2.0
// What a `restic check` that came to errors complains of.
#pragma once

#include <string_view>

namespace recoverd::collectors {

/// The first complaint of each sort, a line of what it said; nothing when it did not end with errors of the repository.
struct ResticComplaints {
    /// Of what it read, or of what is not there.
    std::string_view damage;
    /// That it could not read something, which says nothing of what lies there.
    std::string_view unread;
};

ResticComplaints restic_complaints(std::string_view err);

/// The first line that is `wanted`; empty when there is none.
std::string_view line_that(std::string_view text, bool (*wanted)(std::string_view));

} // namespace recoverd::collectors
