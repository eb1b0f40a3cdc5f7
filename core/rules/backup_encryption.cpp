// SPDX-License-Identifier: Apache-2.0
// AssertionFailed `encryption`: where backups must be encrypted, a source that does not tell is a finding as well.
#include "core/rules/backups.hpp"
#include "core/rules/points.hpp"
#include "core/rules/threshold.hpp"

#include <fmt/format.h>

namespace recoverd::core {

void judge_backup_encryption(const SubjectView& view, const RecoveryPoints& points, Judgement& out) {
    if (view.asset == nullptr || !view.asset->objectives.encryption.value_or(false))
        return;
    const RecoveryPoint* newest = newest_usable(points, listed_at(view));
    if (newest == nullptr || newest->encrypted == Told::yes)
        return;
    Finding found = make_finding(
        view, RuleId::assertion_failed, priority_of(view.policy, RuleId::assertion_failed),
        newest->encrypted == Told::no
            ? fmt::format("newest backup {} is not encrypted, encryption promised", newest->id)
            : fmt::format("nobody tells whether newest backup {} is encrypted, encryption promised", newest->id));
    found.identity.assertion = kEncryption;
    add(out, view.policy, std::move(found));
}

} // namespace recoverd::core
