// SPDX-License-Identifier: Apache-2.0
// PitrLagHigh, PitrWindowShort, WalArchivingFailing; gaps are in rules/archive_gap.cpp.
#include "core/rules/backups.hpp"
#include "core/rules/pitr.hpp"
#include "core/rules/rules.hpp"
#include "core/rules/threshold.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace recoverd::core {

namespace {

bool segments_wait(const LogArchive& archive) { return archive.pending_segments > 0 || archive.waiting_since; }

/// Was something written that is not safe yet? A source that does not tell may just be idle (a repository knows only
/// what it holds), so without a sign of something waiting its age means nothing.
bool unsafe(const LogArchive& archive) {
    return archive.pending == Told::yes ||
           (archive.pending == Told::not_told && (segments_wait(archive) || archive.pending_bytes > 0));
}

void judge_lag(const SubjectView& view, const LogArchive& archive, Judgement& out) {
    constexpr RuleId kId = RuleId::pitr_lag_high;
    if (!archive.newest_at || !unsafe(archive))
        return;
    const auto over = crossed(thresholds(view.policy, kId, *rule(kId).over), *archive.newest_at, view.now, out);
    if (over)
        add(out, view.policy,
            make_finding(view, kId, over->priority,
                         fmt::format("newest recoverable moment is {} ago, {} allowed, and something was written since",
                                     in_words(view.now - *archive.newest_at), in_words(as_duration(over->over)))));
}

/// Judged as of the moment of looking, as retention is.
void judge_window(const SubjectView& view, const LogArchive& archive, Judgement& out) {
    constexpr RuleId kId = RuleId::pitr_window_short;
    const bool promised = view.asset != nullptr && view.asset->objectives.pitr_window;
    const bool off = archive.enabled == Told::no;
    // A repository without a log may be meant to have none, unless its source says that there is one.
    const bool wanted_at_all = promised || archive.enabled == Told::yes;
    if (!archive.oldest_at && !(wanted_at_all && (off || archive.from_repository)))
        return;
    const Time looked_at = view.seen.learned_of(EvidenceKind::log_archive);
    const double fallback = to_seconds(promised ? *view.asset->objectives.pitr_window : kDay);
    const Time end = unsafe(archive) ? archive.newest_at.value_or(looked_at) : looked_at;
    const bool none = !archive.oldest_at || off;
    const Duration window = none ? Duration{0} : std::max(end - *archive.oldest_at, Duration{0});
    std::optional<Threshold> worst;
    for (const Threshold& step : thresholds(view.policy, kId, fallback)) {
        const Duration wanted = as_duration(step.over);
        const bool young = looked_at - began(view) <= wanted;
        if ((off || !young) && window < wanted - window_slack(view.asset, wanted) &&
            (!worst || step.priority < worst->priority))
            worst = step;
    }
    if (!worst)
        return;
    const std::string wanted = in_words(as_duration(worst->over));
    add(out, view.policy,
        make_finding(view, kId, worst->priority,
                     off ? fmt::format("archiving is switched off, a window of {} is promised", wanted)
                     : none
                         ? fmt::format("no moment between backups can be recovered, a window of {} is wanted", wanted)
                         : fmt::format("one can go back {} continuously, {} wanted", in_words(window), wanted)));
}

void judge_archiving(const SubjectView& view, const LogArchive& archive, Judgement& out) {
    constexpr RuleId kId = RuleId::wal_archiving_failing;
    const auto steps = thresholds(view.policy, kId, *rule(kId).over);
    const bool waiting = segments_wait(archive) || archive.pending != Told::no;
    if (archive.failing_since && waiting)
        if (const auto over = crossed(steps, *archive.failing_since, view.now, out))
            return add(
                out, view.policy,
                make_finding(view, kId, over->priority,
                             fmt::format("archiving has been failing for {}, {} allowed, {} segments wait: {}",
                                         in_words(view.now - *archive.failing_since), in_words(as_duration(over->over)),
                                         archive.pending_segments, archive.failing_detail)));
    if (!archive.waiting_since)
        return;
    // An archive command that hangs reports no failure: then it shows in what waits, which may take twice as long.
    std::vector<Threshold> hung = steps;
    for (Threshold& step : hung)
        step.over *= 2;
    if (const auto over = crossed(hung, *archive.waiting_since, view.now, out))
        add(out, view.policy,
            make_finding(view, kId, over->priority,
                         fmt::format("oldest finished segment has been waiting for {}, {} allowed, {} wait",
                                     in_words(view.now - *archive.waiting_since), in_words(as_duration(over->over)),
                                     archive.pending_segments)));
}

} // namespace

void judge_log_archive(const SubjectView& view, const LogArchive& archive, Judgement& out) {
    judge_lag(view, archive, out);
    judge_window(view, archive, out);
    judge_archiving(view, archive, out);
    judge_archive_gap(view, archive, out);
}

} // namespace recoverd::core
