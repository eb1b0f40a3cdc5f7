// SPDX-License-Identifier: Apache-2.0
// What restic says, as evidence; pure, for tests and fuzzers.
#pragma once

#include "collectors/collector.hpp"
#include "collectors/verification.hpp"

namespace recoverd::collectors {

/// What tells one series of snapshots from another.
struct ResticGroups {
    bool host = true;
    bool paths = true;
    bool tags = false;
};

/// `restic snapshots --json`: the snapshots of each series, in order and not yet cut. Throws BadDocument.
Series interpret_restic(const io::Json& snapshots, ResticGroups groups);

/// Why a run of restic gave no answer, or nothing when it did.
std::optional<Failure> restic_failure(const io::Finished& finished, bool prefixed);
/// What it passed over while it listed snapshots, and ended with status 0 all the same: what it may not read, or what
/// is damaged. Nothing when that was nothing.
std::optional<Failure> restic_passed_over(std::string_view err);

/// What `restic check` said of the repository's errors; nothing when it did not come to any.
std::optional<std::string> restic_errors(const io::Finished& finished);

/// Since when each lock has been seen. restic writes a lock anew, under another name, every five minutes as long as its
/// owner lives.
using ResticLocks = std::map<std::string, Time>;
/// The lines of `restic list locks`. Throws BadDocument for what is no list of names.
ResticLocks read_restic_locks(std::string_view listed, const ResticLocks& before, Time now);
/// That none of them was left behind.
core::Assertion stale_locks(const ResticLocks& locks, Time now);

} // namespace recoverd::collectors
