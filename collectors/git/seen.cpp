// SPDX-License-Identifier: Apache-2.0
#include "collectors/git/seen.hpp"

#include "collectors/tool.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>

namespace recoverd::collectors::git_parts {

namespace {

constexpr std::size_t kShort = 12;

core::RecoveryPoint point_of(const Looked& looked, const State& state, Time now) {
    const Refs& mirror = *looked.mirror;
    core::RecoveryPoint point;
    point.id = (mirror.head_oid.empty() ? mirror.digest() : mirror.head_oid).substr(0, kShort);
    const auto synced = state.copy_is_of(now);
    // What a commit says of itself is at least no later than when the copy took it over.
    const auto moment = synced ? synced : looked.newest_commit;
    point.data_at = point.ended_at = std::min(moment.value_or(now), now);
    if (!moment) {
        point.state = core::PointState::incomplete;
        point.detail =
            fmt::format("{} not as at the origin, and never was while anybody looked", in_words(looked.lacks));
    }
    point.depth = looked.bundle ? core::Depth::exists : core::Depth::listed;
    if (!state.proof.errors.empty()) {
        point.state = core::PointState::bad;
        point.detail = state.proof.errors;
    } else if (state.proof.digest == mirror.digest()) {
        // When it was restored is told by the exercise; of what it is today this is as much as is known.
        point.depth = core::Depth::checksummed;
    }
    if (looked.shallow) {
        point.state = core::PointState::bad;
        point.detail = "it is a shallow clone: its history is cut off";
    }
    return point;
}

core::RecoveryPoints points_of(const Looked& looked, const State& state, Time now) {
    core::RecoveryPoints points;
    points.method = looked.bundle ? "git-bundle" : "git-mirror";
    points.tells_jobs = core::Told::no;
    points.source_changed_at = state.changed_at;
    if (looked.mirror->all.empty())
        return points;
    points.points.push_back(point_of(looked, state, now));
    points.count = 1;
    // Every commit is a point to go back to; how far back that reaches was seen when it was cloned.
    if (points.points.front().state == core::PointState::good)
        points.oldest_at = state.proof.oldest_at;
    return points;
}

/// Cloning a mirror whose HEAD names another branch, or one that is gone, checks out that, or nothing.
std::optional<core::Assertion> same_head(const Looked& looked) {
    if (!looked.mirror || looked.mirror->all.empty() || looked.origin.head.empty())
        return std::nullopt;
    // A bundle, or a server of old, tells only the commit.
    if (looked.mirror->head.empty() && !looked.mirror->head_oid.empty())
        return std::nullopt;
    core::Assertion same;
    same.name = "HEAD";
    same.expected = shown(looked.origin.head);
    same.actual = looked.mirror->head.empty() ? "a branch that is not there" : shown(looked.mirror->head);
    same.priority = core::Priority::p3;
    same.detail = "the branch that a clone of the mirror checks out";
    return same;
}

std::optional<core::Assertion> lfs_objects(const Proof& proof) {
    if (proof.lfs_pointers == 0)
        return std::nullopt;
    core::Assertion none;
    none.name = "lfs_objects_missing";
    none.expected = "0";
    none.compare = core::Compare::at_most;
    if (proof.lfs_missing)
        none.actual = fmt::format("{}", *proof.lfs_missing);
    none.detail = fmt::format("{} LFS pointers in HEAD{}{}", proof.lfs_pointers, proof.lfs_detail.empty() ? "" : ": ",
                              proof.lfs_detail);
    return none;
}

core::Exercise exercise_of(const Looked& looked, const Proof& proof, Time ended_at, bool passed) {
    core::Exercise run;
    run.exercise = looked.exercise;
    run.id = "clone-" + core::config::format_time(ended_at);
    run.outcome = passed ? core::ExerciseOutcome::passed : core::ExerciseOutcome::failed;
    run.ended_at = ended_at;
    if (passed) {
        run.started_at = ended_at - proof.took;
        run.depth = core::Depth::restored;
        run.rto = proof.took;
        run.message = "cloned, and every object read by git fsck";
    } else {
        run.message = proof.errors;
    }
    return run;
}

SubjectReport clone_of(const Looked& looked, const Proof& proof) {
    SubjectReport clone;
    clone.subject = "clone";
    if (proof.failure)
        clone.failure =
            Failure{proof.failure->kind, fmt::format("its clone came to no end: {}", proof.failure->detail)};
    if (proof.passed_at)
        clone.evidence.emplace_back(exercise_of(looked, proof, *proof.passed_at, true));
    // Where there is a copy, it is the copy that is bad, and that is said.
    if (!proof.errors.empty() && proof.tried_at && !looked.mirror)
        clone.evidence.emplace_back(exercise_of(looked, proof, *proof.tried_at, false));
    if (auto missing = lfs_objects(proof))
        clone.evidence.emplace_back(core::Assertions{{std::move(*missing)}});
    if (proof.passed_at || !proof.errors.empty())
        clone.evidence.emplace_back(
            core::Measurement{.name = "clone_intact", .value = proof.errors.empty() ? 1.0 : 0.0, .unit = {}});
    return clone;
}

} // namespace

Seen seen_of(const Looked& looked, const State& state, Time now) {
    Seen seen;
    SubjectReport whole;
    // Since when a remote copy lags that nobody saw before is for the next look to tell.
    const bool told = !looked.first || state.copy_is_of(now) || looked.newest_commit;
    if (looked.mirror && told)
        whole.evidence.emplace_back(points_of(looked, state, now));
    core::Assertions assertions;
    assertions.assertions.push_back(nothing_lost(state, looked.mirror ? &*looked.mirror : nullptr, looked.open));
    if (auto head = same_head(looked))
        assertions.assertions.push_back(std::move(*head));
    whole.evidence.emplace_back(std::move(assertions));
    if (looked.mirror)
        whole.evidence.emplace_back(core::Measurement{
            .name = "refs_behind", .value = static_cast<double>(looked.lacks.size()), .unit = "refs"});
    seen.subjects.push_back(std::move(whole));
    if (looked.clones)
        seen.subjects.push_back(clone_of(looked, state.proof));
    seen.cursor = write_state(state);
    return seen;
}

} // namespace recoverd::collectors::git_parts
