// SPDX-License-Identifier: Apache-2.0
// What one look came to: per check and asset, how bad it is and why. Pure.
#pragma once

#include "core/snapshot.hpp"

#include <array>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace recoverd::agent {

/// In rising order of badness: something that is known to be badly wrong is worse than something unknown.
enum class Grade : std::uint8_t { good, minor, unknown, major };

/// 0, 1, 3, 2: as Nagios has them.
int exit_code(Grade grade);
/// P1 and P2 are major, P3 and P4 minor.
Grade grade_of(core::Priority priority);

/// One thing that is not good.
struct Trouble {
    Grade grade = Grade::unknown;
    /// "P2", "unknown" or "unrecoverable".
    std::string word;
    /// Empty for what could not be learned, and for a verdict.
    std::string rule;
    std::string subject;
    std::string text;
};

struct Looked {
    std::string name;
    /// Of an asset: its verdict; of a check that only the daemon can judge: "reported".
    std::string note;
    /// Why the verdict is what it is, when no trouble says so.
    std::string why;
    core::Duration took{0};
    /// Worst first.
    std::vector<Trouble> troubles;

    Grade grade() const { return troubles.empty() ? Grade::good : troubles.front().grade; }
    /// "good", "P2", "unknown", "unrecoverable"
    std::string word() const { return troubles.empty() ? "good" : troubles.front().word; }
};

struct LookVerdict {
    std::vector<Looked> checks;
    /// Targets that several checks share, and scenarios: only those of which something is wrong.
    std::vector<Looked> others;
    std::vector<Looked> assets;
    Grade worst = Grade::unknown;

    std::array<const std::vector<Looked>*, 3> parts() const { return {&checks, &others, &assets}; }
    /// Over all parts.
    std::size_t count(Grade grade) const;
};

/// `assets`: those of which every check was looked at, all when it is nothing; of others the verdict would be about
/// what was left out. Nothing looked at at all is unknown.
LookVerdict judge_look(const core::Snapshot& snapshot, const std::optional<std::set<std::string>>& assets);

} // namespace recoverd::agent
