// SPDX-License-Identifier: Apache-2.0
// The parts of core/verdict.cpp: what each repository and each log of an asset says. For nobody else.
#pragma once

#include "core/rules/view.hpp"
#include "core/verdict.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::core {

/// Why it is not recoverable, and how bad that is.
struct Reason {
    VerdictState state;
    std::string text;
};
using Reasons = std::vector<Reason>;

/// What one repository can do for the asset.
enum class Standing : std::uint8_t { good, unseen, unusable };

struct Repository {
    const Contributor* contributor;
    Standing standing;
    /// Why it is not good; empty when it is.
    std::string reason;
    /// The newest point one could restore from it, even where it does not stand well.
    const RecoveryPoint* newest = nullptr;
    /// Has nothing changed at the source since that point?
    bool all_saved = false;
    /// What it told of its points; null where nothing was learned of any.
    const RecoveryPoints* points = nullptr;
};

std::vector<Repository> repositories_of(const AssetView& view, Time& revisit);

/// For an asset without backups: whatever looks at it, good as long as it learns something.
std::vector<Repository> sources_of(const AssetView& view, Time& revisit);

/// Does it stand there? Parts of `place` are globs, or empty for anywhere.
bool stands(const Contributor& contributor, const Location& place);

/// Up to which moment logs carry base backups on.
struct LogReach {
    std::optional<Time> until;
    /// Logs that could not be seen lately.
    std::vector<std::string> unseen;
};
/// Of the logs that are kept in this place, and the backups in it.
LogReach log_reach(const AssetView& view, const std::vector<Repository>& repositories, const Location& place,
                   Time& revisit);

/// What was written since is lost: is that more than `rpo`, as `promise` calls it ("an RPO of 1h is promised")?
/// `revisit` says when it will be.
std::optional<Reason> too_much_lost(Time since, Duration rpo, std::string_view promise, const LogReach& logs, Time now,
                                    Time& revisit);

/// What is to be done stands in it, since no alert does.
inline constexpr std::string_view kUnproven =
    "no restore has proven it yet: test one, and report it by `recoverd outcome` with --depth restored or deeper";

/// Was nothing of this kind learned of it for longer than silence may last? If not, `revisit` says when.
bool silent(const Contributor& contributor, EvidenceKind kind, Time now, Time& revisit);
/// "orders-backup/orders/repo1".
std::string label(const Contributor& contributor);

} // namespace recoverd::core
