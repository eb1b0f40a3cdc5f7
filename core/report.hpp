// SPDX-License-Identifier: Apache-2.0
// One run of a check: what it saw of which subjects, or why it saw nothing.
#pragma once

#include "core/evidence.hpp"
#include "core/failure.hpp"

#include <optional>
#include <string>
#include <vector>

namespace recoverd::core {

/// Where a subject stands. Empty where nobody said.
struct Location {
    std::string node;
    std::string zone;
    std::string region;
    std::string role;

    bool operator==(const Location&) const = default;
};

struct SubjectReport {
    /// Empty for a check that sees just one thing.
    std::string subject;
    Location location;
    std::vector<Evidence> evidence;
    /// Why nothing was learned of this one subject, while others may be well. Then `evidence` is what was
    /// learned all the same, often nothing.
    std::optional<Failure> failure;
    /// Does it come and go by nature, each time under another name, such as a node that is scaled away or the one run
    /// of an exercise? Then nobody misses it; what it proved is kept.
    bool passing = false;
    /// False where nobody could say now where it stands: it is where it was.
    bool place_known = true;

    bool operator==(const SubjectReport&) const = default;
};

/// What a collector brings back when it could look.
struct Seen {
    std::vector<SubjectReport> subjects;
    /// Is the list of subjects whole? Only then does a missing one mean that it is gone.
    bool complete = true;
    /// Where the next run may go on (an incremental scan); opaque to everybody but the collector.
    std::string cursor;

    bool operator==(const Seen&) const = default;
};

struct Report {
    Time looked_at;
    Duration took{0};
    Result<Seen> result;
    /// Of a look, which takes its time: the subjects that were forgotten when it began. What has been forgotten since
    /// it has seen as it was before. Nothing of what is told in the moment in which it is learned.
    std::optional<std::vector<std::string>> forgotten = {};

    bool operator==(const Report&) const = default;
};

} // namespace recoverd::core
