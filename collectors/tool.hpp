// SPDX-License-Identifier: Apache-2.0
// Running a backup tool and taking what it prints for its answer: what is the same whichever tool it is.
#pragma once

#include "collectors/collector.hpp"

#include <set>

namespace recoverd::collectors {

/// Behind these, the tool still runs on this host and sees its locks.
bool runs_here(const std::vector<std::string>& command);

/// A mistake when there is no program in the option `command`; `name` is the tool's.
void check_command(const std::vector<std::string>& command, std::string_view name, const core::config::Place& place,
                   core::config::Diagnostics& diagnostics);

/// What every call of a tool gets beside its words.
struct ToolAccess {
    std::vector<std::pair<std::string, std::string>> env;
    /// The secret: every process of the same user can read the environment, none can read a pipe.
    std::string input;
};

/// What a tool said, fit to be shown: one printable line of at most 200 characters, without the credentials that it
/// may have quoted from a URL.
std::string shown(std::string_view words);

/// Why a run that did not end with status 0 gave no answer: `words` of the tool, and the kind that it is by the tool's
/// own account, unless the tool was not even started. `prefixed`: behind ssh or the like.
Failure tool_failure(const io::Finished& finished, std::string_view name, FailureKind kind, std::string_view words,
                     bool prefixed);

/// Tells why there is no answer, or nothing when there is one.
using Blame = std::optional<Failure> (*)(const io::Finished& finished, bool prefixed);

/// What the command prints, or what `blame` makes of how it ended.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the run's own
Task<Result<std::string>> answer_of(io::World& world, io::Command command, Blame blame, bool prefixed);

/// Puts points in order, counts them and finds the oldest good one. To be followed by keep_newest(). `apart`: ids of
/// those that say nothing of how far one can go back, such as one that is kept for ever without the WAL behind it; the
/// oldest is one of them only when there are no others.
void put_in_order(core::RecoveryPoints& points, const std::set<std::string>& apart = {});
/// Cuts points that are in order to the newest that are told.
void keep_newest(core::RecoveryPoints& points);

} // namespace recoverd::collectors
