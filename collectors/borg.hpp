// SPDX-License-Identifier: Apache-2.0
// What Borg says, as evidence; pure, for tests and fuzzers.
#pragma once

#include "collectors/collector.hpp"
#include "collectors/verification.hpp"

namespace recoverd::collectors {

struct BorgRepository {
    std::string id;
    /// The archives of each series, in order and not yet cut.
    Series series;
    /// By its name, which is free for another once it is deleted.
    OwnIds archive_ids;
};

/// `borg list --json`, its times in UTC. `pattern` names the archives that count; {subject} in it
/// stands for the series. Throws BadDocument.
BorgRepository interpret_borg(const io::Json& list, std::string_view pattern);

/// The part of `name` that stands where {subject} does in `pattern`, the shortest that fits; empty when there is no
/// such place, and nothing when the name does not match.
std::optional<std::string> borg_series(std::string_view pattern, std::string_view name);

/// Why a run of `borg --log-json` gave no answer, or nothing when it did.
std::optional<Failure> borg_failure(const io::Finished& finished, bool prefixed);

/// What `borg check` said of the repository's errors; nothing when it did not come to any.
std::optional<std::string> borg_errors(const io::Finished& finished);

} // namespace recoverd::collectors
