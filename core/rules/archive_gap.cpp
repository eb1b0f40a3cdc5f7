// SPDX-License-Identifier: Apache-2.0
// WalArchiveGap: a hole in a repository, or one between what the server says it archived and what any repository holds
// (an archive command that succeeds without storing anything shows nowhere else).
#include "core/rules/pitr.hpp"
#include "core/rules/threshold.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <ranges>

namespace recoverd::core {

namespace {

/// What was said less than this before somebody began to look at a repository is not held against it: two clocks.
constexpr Duration kGrace = 1min;

std::string hole(const std::vector<LogGap>& gaps) {
    std::uint64_t segments = 0;
    for (const LogGap& gap : gaps)
        segments += gap.segments;
    const LogGap& first = gaps.front();
    return fmt::format("{} segments missing, the first from {} to {}", segments, first.first, first.last);
}

/// The newest segment the writer had named before a look at the repository began: what it holds is listed first, and to
/// go through it may take minutes.
const ArchivedMark* said_before(const std::vector<ArchivedMark>& marks, Time asked_at) {
    const auto newest_first = marks | std::views::reverse;
    const auto found =
        std::ranges::find_if(newest_first, [&](const ArchivedMark& mark) { return mark.at + kGrace <= asked_at; });
    return found != newest_first.end() ? &*found : nullptr;
}

/// Names sort by timeline, then by position. A repository that is on a later timeline already is past this one.
bool holds(const LogArchive& repository, const std::string& segment) { return repository.last_segment >= segment; }

/// The segment the server says it archived and no repository of this database had when it was looked at later.
const ArchivedMark* lost(const SubjectView& view, const LogArchive& archive) {
    const ArchivedMark* lost = nullptr;
    for (const HeldArchive& held : view.repositories) {
        if (!held.archive->from_repository || held.archive->system_id != archive.system_id)
            continue;
        const ArchivedMark* mark = said_before(view.seen.archived, held.asked_at);
        if (mark == nullptr)
            continue;
        if (holds(*held.archive, mark->segment))
            return nullptr;
        if (lost == nullptr || mark->at > lost->at)
            lost = mark;
    }
    return lost;
}

/// Have all holes left the promised window, since a backup behind them is old enough?
bool is_out_of_window(const SubjectView& view, const LogArchive& archive, Judgement& out) {
    if (view.asset == nullptr || !view.asset->objectives.pitr_window || !archive.whole_since)
        return false;
    return due(*archive.whole_since + *view.asset->objectives.pitr_window, view.now, out);
}

} // namespace

void judge_archive_gap(const SubjectView& view, const LogArchive& archive, Judgement& out) {
    constexpr RuleId kId = RuleId::wal_archive_gap;
    const Priority priority = priority_of(view.policy, kId);
    if (!archive.gaps.empty()) {
        if (!is_out_of_window(view, archive, out))
            add(out, view.policy, make_finding(view, kId, priority, hole(archive.gaps)));
        return;
    }
    if (archive.from_repository || archive.system_id.empty())
        return;
    if (const ArchivedMark* mark = lost(view, archive); mark != nullptr)
        add(out, view.policy,
            make_finding(view, kId, priority,
                         fmt::format("the server says it archived {} {} ago, no repository holds it", mark->segment,
                                     in_words(view.now - mark->at))));
}

} // namespace recoverd::core
