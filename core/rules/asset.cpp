// SPDX-License-Identifier: Apache-2.0
// What only shows over all checks of an asset: RestoreTestOverdue, ExerciseOverdue, ExerciseTooLong, AssetUncovered.
#include "core/rules/exercises.hpp"
#include "core/rules/rules.hpp"
#include "core/rules/threshold.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace recoverd::core {

namespace {

/// Checks may need this long to bring a new asset's first evidence, before anybody says that none will.
constexpr Duration kCoverGrace = 5min;

/// The exercise that `restore_test_every` promises.
constexpr std::string_view kRestoreTest = "restore-test";

void found(const AssetView& view, RuleId id, std::string_view exercise, Priority priority, std::string reason,
           Judgement& out) {
    Finding made = make_finding(view, id, priority, std::move(reason));
    made.identity.exercise = exercise;
    add(out, view.asset.policy, std::move(made));
}

/// Those that say that an exercise failed, a validation among them: that is told by its steps.
constexpr std::array kTellOfFailure{RuleId::restore_test_failed, RuleId::exercise_failed, RuleId::validation_failed};

/// Did the last run of an exercise of the asset fail, and is that said? Then it is not also said that a good one is
/// due. Where nobody says it (the policy wants to hear nothing of it, a validation was given up) that is all there is.
bool is_said_to_have_failed(const AssetView& view, auto&& counts) {
    const Exercise* last = newest_run(view, [&](const Exercise& run) { return counts(run) && end_of(run); });
    return last != nullptr && last->outcome != ExerciseOutcome::passed &&
           std::ranges::any_of(view.findings, [&](const Finding& finding) {
               return finding.identity.exercise == last->exercise &&
                      std::ranges::find(kTellOfFailure, finding.identity.rule) != kTellOfFailure.end();
           });
}

/// Is it overdue: past `due_at`, the end of one interval, by the threshold's multiple of that interval?
void judge_overdue(const AssetView& view, RuleId id, std::string_view exercise, Time due_at, Duration every,
                   Judgement& out) {
    auto steps = thresholds(view.asset.policy, id, *rule(id).over);
    for (Threshold& step : steps)
        step.over *= to_seconds(every);
    const Time from = due_at - every;
    const auto over = crossed(steps, from, view.now, out);
    if (over)
        found(view, id, exercise, over->priority,
              fmt::format("{} passed for {}, one every {} promised",
                          id == RuleId::restore_test_overdue ? "no restore test" : fmt::format("no {}", exercise),
                          in_words(view.now - from), in_words(every)),
              out);
}

void judge_restore_tests(const AssetView& view, Judgement& out) {
    const auto& every = view.asset.objectives.restore_test_every;
    if (!every || is_said_to_have_failed(view, [](const Exercise& run) { return is_restore_test(run.exercise); }))
        return;
    judge_overdue(view, RuleId::restore_test_overdue, {}, restore_test_due(view, *every), *every, out);
}

void judge_planned(const AssetView& view, const PlannedExercise& planned, Judgement& out) {
    if (planned.cadence <= Duration{0} ||
        is_said_to_have_failed(view, [&](const Exercise& run) { return run.exercise == planned.name; }))
        return;
    const RuleId id = is_restore_test(planned.name) ? RuleId::restore_test_overdue : RuleId::exercise_overdue;
    judge_overdue(view, id, planned.name, exercise_due(view, planned), planned.cadence, out);
}

/// A restore test that is promised and planned is one: the stricter of the two speaks. Both are judged, since a promise
/// is kept by every restore test, a plan by its own.
void keep_stricter(const AssetView& view, Judgement& out) {
    const auto said = [&](std::string_view exercise) {
        return std::ranges::any_of(out.findings, [&](const Finding& finding) {
            return finding.identity.rule == RuleId::restore_test_overdue && finding.identity.exercise == exercise;
        });
    };
    const auto planned = std::ranges::find_if(view.planned, [&](const PlannedExercise& plan) {
        return plan.name == kRestoreTest && plan.asset == view.asset.name;
    });
    if (planned == view.planned.end() || !said({}) || !said(kRestoreTest))
        return;
    const bool plan_is_stricter = planned->cadence < *view.asset.objectives.restore_test_every;
    const std::string_view laxer = plan_is_stricter ? std::string_view{} : kRestoreTest;
    std::erase_if(out.findings, [&](const Finding& finding) {
        return finding.identity.rule == RuleId::restore_test_overdue && finding.identity.exercise == laxer;
    });
}

std::optional<Duration> planned_length(const AssetView& view, std::string_view exercise) {
    const auto planned = std::ranges::find_if(view.planned, [&](const PlannedExercise& plan) {
        return plan.name == exercise && plan.asset == view.asset.name;
    });
    return planned != view.planned.end() ? planned->duration : std::nullopt;
}

/// Of what comes and goes the next one of its name comes after it, whichever it is.
bool is_last(const AssetView& view, const Contributor& contributor, const Exercise& run) {
    if (!contributor.seen->passing)
        return last_end(*contributor.seen, run.exercise) == &run;
    return newest_run(view, [&](const Exercise& one) { return one.exercise == run.exercise && end_of(one); }) == &run;
}

/// How long a run may take. Nothing where neither a plan nor the policy says: then it may take as long as it likes.
std::vector<Threshold> length_limits(const AssetView& view, const Exercise& run) {
    constexpr double kUnlimited = std::numeric_limits<double>::infinity();
    const auto planned = planned_length(view, run.exercise);
    auto steps = thresholds(view.asset.policy, RuleId::exercise_too_long, planned ? to_seconds(*planned) : kUnlimited);
    std::erase_if(steps, [](const Threshold& step) { return std::isinf(step.over); });
    return steps;
}

/// A run that never ended, or the last one when it took longer than planned.
void judge_length(const AssetView& view, const Contributor& contributor, const Exercise& run, Judgement& out) {
    constexpr RuleId kId = RuleId::exercise_too_long;
    const auto steps = length_limits(view, run);
    if (run.outcome == ExerciseOutcome::started && run.started_at) {
        if (const auto over = crossed(steps, *run.started_at, view.now, out))
            found(view, kId, run.exercise, over->priority,
                  fmt::format("{} has been running for {}, {} allowed", run.exercise,
                              in_words(view.now - *run.started_at), in_words(as_duration(over->over))),
                  out);
    } else if (const auto length = length_of(run); length && is_last(view, contributor, run)) {
        if (const auto over = crossed(steps, to_seconds(*length)))
            found(view, kId, run.exercise, over->priority,
                  fmt::format("last {} took {}, {} allowed", run.exercise, in_words(*length),
                              in_words(as_duration(over->over))),
                  out);
    }
}

void judge_lengths(const AssetView& view, Judgement& out) {
    Judgement own;
    for (const Contributor& contributor : view.contributors)
        if (contributor.seen != nullptr)
            for (const Exercise& run : contributor.seen->exercises)
                judge_length(view, contributor, run, own);
    out.look_again(own.revisit);
    // Several runs of one exercise make one finding, as bad as the worst.
    std::ranges::stable_sort(own.findings, {}, &Finding::priority);
    for (Finding& finding : own.findings)
        if (std::ranges::find(out.findings, finding.identity, &Finding::identity) == out.findings.end())
            out.findings.push_back(std::move(finding));
}

bool has_brought(const Contributor& contributor, std::initializer_list<EvidenceKind> kinds) {
    return contributor.seen != nullptr && std::ranges::any_of(*contributor.seen->evidence, [&](const Evidence& item) {
               return std::ranges::find(kinds, kind_of(item)) != kinds.end();
           });
}

/// A check that only waits to be told counts for what it was told, and as a promise until the first is due.
bool covered(const AssetView& view, std::initializer_list<EvidenceKind> kinds, bool first_is_late) {
    return std::ranges::any_of(view.contributors, [&](const Contributor& contributor) {
        const Check& check = *contributor.check;
        if (!check.looks() && (contributor.seen != nullptr || first_is_late))
            return has_brought(contributor, kinds);
        return std::ranges::any_of(check.brings,
                                   [&](EvidenceKind kind) { return std::ranges::find(kinds, kind) != kinds.end(); });
    });
}

/// Is it told by whoever looks at it? What nothing whole was learned of yet may be told once it is.
bool told_by(const Contributor& contributor, EvidenceKind kind, bool (*tells)(const Evidence&)) {
    const SubjectMemory* seen = contributor.seen;
    if (!contributor.check->looks())
        return false;
    if (has_brought(contributor, {kind}))
        return std::ranges::any_of(*seen->evidence, tells);
    if (seen != nullptr && !seen->evidence->empty() && !seen->failure)
        return false;
    return contributor.check->may_bring(kind);
}

/// How far back one can go, or that one cannot. A server that only archives knows nothing of that, and PitrWindowShort
/// is silent about it.
bool tells_window(const Evidence& item) {
    const auto* archive = std::get_if<LogArchive>(&item);
    return archive != nullptr && (archive->oldest_at || archive->from_repository || archive->enabled == Told::no);
}

/// How far back the backups go that are still kept, or that none is. That a job made them says nothing of that, and
/// BackupRetentionShort is silent about it.
bool tells_kept(const Evidence& item) {
    const auto* points = std::get_if<RecoveryPoints>(&item);
    return points != nullptr && (points->oldest_at || std::ranges::find(points->points, PointState::good,
                                                                        &RecoveryPoint::state) == points->points.end());
}

/// Proofs are left out: without any, RestoreTestOverdue says so in time.
std::vector<std::string> uncovered(const AssetView& view, bool first_is_late) {
    using enum EvidenceKind;
    const Objectives& promised = view.asset.objectives;
    std::vector<std::string> names;
    // What others see is theirs to judge.
    const auto is_elsewhere = [&](EvidenceKind kind) { return view.asset.is_elsewhere(kind); };
    const auto need = [&](bool asked, std::string_view name, std::initializer_list<EvidenceKind> kinds) {
        if (asked && std::ranges::none_of(kinds, is_elsewhere) && !covered(view, kinds, first_is_late))
            names.emplace_back(name);
    };
    const auto need_told = [&](bool asked, std::string_view name, EvidenceKind kind, bool (*tells)(const Evidence&)) {
        if (asked && !is_elsewhere(kind) && std::ranges::none_of(view.contributors, [&](const Contributor& each) {
                return told_by(each, kind, tells);
            }))
            names.emplace_back(name);
    };
    need(promised.backup_every.has_value(), "backup_every", {recovery_points});
    need(promised.rpo.has_value(), "rpo", {recovery_points, log_archive});
    need_told(promised.retention.has_value(), "retention", recovery_points, tells_kept);
    need_told(promised.pitr_window.has_value(), "pitr_window", log_archive, tells_window);
    need(promised.encryption.value_or(false), "encryption", {recovery_points});
    return names;
}

void judge_cover(const AssetView& view, Judgement& out) {
    constexpr RuleId kId = RuleId::asset_uncovered;
    const Duration within = view.asset.objectives.first_backup_within.value_or(kDay);
    const bool first_is_late = due(view.first_seen + within, view.now, out);
    const auto names = uncovered(view, first_is_late);
    if (names.empty() || !due(view.first_seen + kCoverGrace, view.now, out))
        return;
    std::string list;
    for (const std::string& name : names)
        list += (list.empty() ? "" : ", ") + name;
    found(view, kId, {}, priority_of(view.asset.policy, kId),
          fmt::format("promised, and no check can judge it: {}", list), out);
}

} // namespace

void judge_asset(const AssetView& view, Judgement& out) {
    judge_restore_tests(view, out);
    for (const PlannedExercise& planned : view.planned)
        if (planned.asset == view.asset.name)
            judge_planned(view, planned, out);
    keep_stricter(view, out);
    judge_lengths(view, out);
    judge_cover(view, out);
}

std::vector<ExerciseDue> exercises_due(const AssetView& view) {
    std::vector<ExerciseDue> due;
    if (const auto& every = view.asset.objectives.restore_test_every)
        due.push_back({std::string{kRestoreTest}, restore_test_due(view, *every)});
    for (const PlannedExercise& planned : view.planned) {
        const bool is_named_already = !due.empty() && planned.name == due.front().exercise;
        if (planned.cadence <= Duration{0})
            continue;
        if (is_named_already)
            due.front().due_at = std::min(due.front().due_at, exercise_due(view, planned));
        else
            due.push_back({planned.name, exercise_due(view, planned)});
    }
    return due;
}

} // namespace recoverd::core
