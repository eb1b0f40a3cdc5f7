// SPDX-License-Identifier: Apache-2.0
// BackupRetentionShort: can one go back as far as was promised? Judged as of the moment of looking: while nobody looks,
// what is kept neither becomes enough nor ceases to be.
#include "core/rules/backups.hpp"
#include "core/rules/threshold.hpp"

#include <fmt/format.h>

namespace recoverd::core {

void judge_backup_retention(const SubjectView& view, const RecoveryPoints& points, Judgement& out) {
    if (view.asset == nullptr || !view.asset->objectives.retention || !points.oldest_at)
        return;
    const Duration promised = *view.asset->objectives.retention;
    const Duration kept = listed_at(view) - *points.oldest_at;
    // A young asset cannot have older points than itself.
    if (listed_at(view) - began(view) <= promised)
        return;
    const double slack = to_seconds(backup_interval(view.asset));
    const auto steps = thresholds(view.policy, RuleId::backup_retention_short, slack);
    const auto over = crossed(steps, to_seconds(promised - kept));
    if (!over)
        return;
    add(out, view.policy,
        make_finding(view, RuleId::backup_retention_short, over->priority,
                     fmt::format("oldest backup kept is {} old, {} promised", in_words(kept), in_words(promised))));
}

} // namespace recoverd::core
