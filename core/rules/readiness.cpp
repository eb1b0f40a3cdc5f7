// SPDX-License-Identifier: Apache-2.0
#include "core/rules/readiness.hpp"

#include "core/assertion.hpp"
#include "core/rules/exercises.hpp"
#include "core/rules/threshold.hpp"
#include "core/verdict_parts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

namespace recoverd::core {

namespace {

/// "zone eu-1b", "region *-west, role archive"
std::string place_words(const Location& place) {
    std::string words;
    for (const auto& [name, value] : {std::pair{"node", &place.node}, std::pair{"zone", &place.zone},
                                      std::pair{"region", &place.region}, std::pair{"role", &place.role}})
        if (!value->empty())
            words += fmt::format("{}{} {}", words.empty() ? "" : ", ", name, *value);
    return words;
}

std::vector<Repository> standing_in(const Location& place, const std::vector<Repository>& repositories) {
    std::vector<Repository> there;
    std::ranges::copy_if(repositories, std::back_inserter(there),
                         [&](const Repository& repository) { return stands(*repository.contributor, place); });
    return there;
}

const Repository* best_of(const std::vector<Repository>& there) {
    const Repository* best = nullptr;
    for (const Repository& repository : there)
        if (repository.standing == Standing::good && repository.newest &&
            (!best || repository.newest->data_at > best->newest->data_at))
            best = &repository;
    return best;
}

/// Where nobody looks at any recovery point of the asset, nothing is known of that place either.
Reason nothing_there(const Scenario& scenario, const Asset& asset, const std::vector<Repository>& there,
                     bool looked_at) {
    const bool unseen = std::ranges::find(there, Standing::unseen, &Repository::standing) != there.end();
    const std::string place = place_words(scenario.recover_from);
    const bool others_see = asset.is_seen_elsewhere();
    return {unseen || others_see || !looked_at ? VerdictState::unknown : VerdictState::unrecoverable,
            fmt::format("no usable recovery point {}{}{}", unseen ? "could be seen" : "is known",
                        place.empty() ? "" : " in " + place, others_see ? ", as far as this agent sees" : "")};
}

/// How far back the source goes. Of a job that only reports its backups nobody knows it, unless somebody who stands in
/// the same place looks at what is kept.
std::optional<Time> oldest_in(const std::vector<Repository>& there, const Repository& source) {
    std::optional<Time> oldest = source.points->oldest_at;
    if (oldest)
        return oldest;
    for (const Repository& other : there)
        if (other.standing == Standing::good)
            if (const auto told = other.points->oldest_at; told && (!oldest || *told < *oldest))
                oldest = told;
    return oldest;
}

/// The first change after `saved` that this source of what changes rarely knows of.
std::optional<Time> first_change(const Repository& repository, Time saved) {
    const RecoveryPoints* points = repository.points;
    if (!points || !points->source_changed_at || *points->source_changed_at <= saved)
        return std::nullopt;
    Time first = std::max(saved, repository.contributor->seen->unsaved_since.value_or(*points->source_changed_at));
    for (const RecoveryPoint& point : points->points)
        if (point.data_at > saved)
            first = std::min(first, point.data_at);
    return first;
}

/// What is written and not in the source.
struct Lost {
    /// Nothing while all of it is saved.
    std::optional<Time> since;
    /// Whoever told of changes tells no more: there may have been some.
    bool unseen = false;
};

/// What changes rarely is lost from its first change on, whichever repository tells of that: a copy elsewhere may be
/// the last to have it. A copy that does not tell of changes is one of the same data.
Lost lost_since(const Repository& source, Time saved, const std::vector<Repository>& repositories, Time now,
                Time& revisit) {
    Lost lost;
    bool others_seen = false;
    bool others_unseen = false;
    for (const Repository& repository : repositories) {
        if (!repository.points || !repository.points->source_changed_at)
            continue;
        if (const auto change = first_change(repository, saved); change && (!lost.since || *change < *lost.since))
            lost.since = change;
        if (repository.contributor == source.contributor || repository.contributor->seen->vanished_since)
            continue;
        const bool is_unseen = repository.standing == Standing::unseen ||
                               silent(*repository.contributor, EvidenceKind::recovery_points, now, revisit);
        (is_unseen ? others_unseen : others_seen) = true;
    }
    if (!source.points->source_changed_at && !others_seen)
        lost.since = saved;
    // One that saw its source after the last change was saved knows that there was none; of another its last change is
    // its own newest point.
    const bool knows = source.points->source_changed_at && *source.points->source_changed_at < source.newest->data_at;
    lost.unseen = !lost.since && others_unseen && !others_seen && !knows;
    return lost;
}

/// Nothing at all may be lost where another takes over. No copy that is made now and then keeps that promise, and the
/// scenario's canary tells whether it was kept.
void judge_loss(const Scenario& scenario, const AssetView& view, const Lost& lost, const LogReach& logs, Time& revisit,
                Reasons& blocks) {
    if (!scenario.rpo || *scenario.rpo == Duration{0})
        return;
    if (lost.unseen)
        blocks.push_back({VerdictState::unknown, "whether it changed since could not be seen"});
    if (!lost.since)
        return;
    // A log that others see may well reach further.
    const bool others_see = view.asset.is_elsewhere(EvidenceKind::log_archive);
    const std::string promise =
        fmt::format("{} are allowed{}", in_words(*scenario.rpo), others_see ? ", as far as this agent sees" : "");
    if (auto reason = too_much_lost(*lost.since, *scenario.rpo, promise, logs, view.now, revisit))
        blocks.push_back(std::move(*reason));
}

void judge_reach(const Scenario& scenario, Time now, AssetReadiness& made, Time& revisit, Reasons& blocks) {
    if (!scenario.back)
        return;
    if (made.oldest && *made.oldest <= now - *scenario.back)
        return;
    if (made.oldest)
        revisit = std::min(revisit, *made.oldest + *scenario.back);
    blocks.push_back(
        {VerdictState::at_risk,
         made.oldest ? fmt::format("goes back {}, one must be able to go back {}", in_words(now - *made.oldest),
                                   in_words(*scenario.back))
                     : fmt::format("nobody tells how far it goes back, {} are asked for", in_words(*scenario.back))});
}

/// What showed that one can recover from it.
struct Proof {
    bool is_there = false;
    /// How long that took, where it is known.
    std::optional<Duration> took;
};

Proof proof_for(const Scenario& scenario, const AssetView& view, const Verdict& verdict) {
    if (scenario.proven_by.empty())
        return {verdict.proven_depth.has_value(), verdict.proven_rto};
    for (const std::string& pattern : scenario.proven_by) {
        const Exercise* passed = newest_run(view, [&](const Exercise& run) {
            return run.outcome == ExerciseOutcome::passed && run.ended_at && glob_matches(pattern, run.exercise);
        });
        if (passed != nullptr)
            return {true, recovery_time(*passed)};
    }
    return {};
}

std::string unproven(const Scenario& scenario) {
    if (scenario.proven_by.empty())
        return std::string{kUnproven};
    return fmt::format("no pass of '{}' has proven it yet: test it, and report it by `recoverd outcome`",
                       fmt::join(scenario.proven_by, "' or '"));
}

void judge_time(const Scenario& scenario, const Asset& asset, const Proof& proof, Reasons& blocks) {
    if (asset.is_elsewhere(EvidenceKind::exercise)) {
        // Others are told of its proofs, and hold them against what is promised for the asset itself.
        if (scenario.rto)
            blocks.push_back({VerdictState::at_risk, fmt::format("{} are allowed, and how long it takes is told to "
                                                                 "agents of the other scope alone",
                                                                 in_words(*scenario.rto))});
    } else if (!proof.is_there)
        blocks.push_back({VerdictState::at_risk, unproven(scenario)});
    else if (scenario.rto && !proof.took)
        blocks.push_back({VerdictState::at_risk,
                          fmt::format("no proof told how long it takes, {} are allowed: report its start, or its --rto",
                                      in_words(*scenario.rto))});
    else if (scenario.rto && *proof.took > *scenario.rto)
        blocks.push_back({VerdictState::at_risk, fmt::format("the last proof took {}, {} are allowed",
                                                             in_words(*proof.took), in_words(*scenario.rto))});
}

/// One that is backed up is restored from the best of what is left, and the log that is kept beside it leads further.
void judge_restore(const Scenario& scenario, const AssetView& view, const Proof& proof, AssetReadiness& made,
                   Time& revisit, Reasons& blocks) {
    const auto repositories = repositories_of(view, revisit);
    const auto there = standing_in(scenario.recover_from, repositories);
    const Repository* source = best_of(there);
    if (!source) {
        blocks.push_back(nothing_there(scenario, view.asset, there, !repositories.empty()));
        return;
    }
    const LogReach logs = log_reach(view, there, scenario.recover_from, revisit);
    made.from = label(*source->contributor);
    made.newest = std::max(source->newest->data_at, logs.until.value_or(source->newest->data_at));
    made.oldest = oldest_in(there, *source);
    judge_loss(scenario, view, lost_since(*source, *made.newest, repositories, view.now, revisit), logs, revisit,
               blocks);
    judge_reach(scenario, view.now, made, revisit, blocks);
    judge_time(scenario, view.asset, proof, blocks);
}

/// One that is not backed up is begun anew: somebody has to see it now, and to have shown how long that takes where it
/// is asked.
void judge_running(const Scenario& scenario, const Asset& asset, const Verdict& verdict, const Proof& proof,
                   Reasons& blocks) {
    if (verdict.state == VerdictState::unknown && !verdict.reasons.empty())
        blocks.push_back({VerdictState::unknown, verdict.reasons.front()});
    if (scenario.rto)
        judge_time(scenario, asset, proof, blocks);
}

/// What the checks of an asset say of one thing that is needed.
struct Answers {
    bool holds = false;
    bool holds_there = false;
    bool unknown_there = false;
    bool unknown_elsewhere = false;
    std::string failing;

    /// Of several one may be the one that counts, unless it holds of what is left.
    bool unknown() const { return unknown_there || (unknown_elsewhere && !holds_there); }
};

/// `unseen`: what held when somebody could still look is unknown.
void take_answer(const Assertion& one, const Contributor& contributor, bool there, bool unseen, Answers& answers) {
    const AssertionState state = state_of(one);
    const bool holds = state == AssertionState::holds && !unseen;
    answers.holds = answers.holds || holds;
    answers.holds_there = answers.holds_there || (holds && there);
    bool& unknown = there ? answers.unknown_there : answers.unknown_elsewhere;
    unknown = unknown || unseen || state == AssertionState::unknown;
    if (state == AssertionState::fails)
        answers.failing = fmt::format("{}: {} is {}, {} is expected", label(contributor), one.name,
                                      one.actual.value_or(""), one.expected);
}

/// Does what is needed hold of the asset, in whatever check asserts it? One that fails is worse than one unknown.
void judge_need(const std::string& need, const Scenario& scenario, const AssetView& view, Time& revisit,
                Reasons& blocks) {
    Answers answers;
    for (const Contributor& contributor : view.contributors) {
        if (!contributor.seen)
            continue;
        const bool there = stands(contributor, scenario.recover_from);
        const bool unseen =
            contributor.seen->vanished_since || silent(contributor, EvidenceKind::assertions, view.now, revisit);
        for (const Evidence& evidence : *contributor.seen->evidence)
            if (const auto* assertions = std::get_if<Assertions>(&evidence))
                for (const Assertion& one : assertions->assertions)
                    if (glob_matches(need, one.name))
                        take_answer(one, contributor, there, unseen, answers);
    }
    if (!answers.failing.empty())
        blocks.push_back({VerdictState::at_risk, std::move(answers.failing)});
    else if (answers.unknown() || !answers.holds)
        blocks.push_back(
            {VerdictState::unknown,
             fmt::format("{} '{}'{}", answers.unknown() ? "nobody could tell" : "no check asserts", need,
                         view.asset.is_elsewhere(EvidenceKind::assertions) ? ", as far as this agent sees" : "")});
}

} // namespace

AssetReadiness judge_readiness(const Scenario& scenario, const AssetView& view, const Verdict& verdict, Time& revisit) {
    AssetReadiness made;
    made.asset = view.asset.name;
    const Proof proof = proof_for(scenario, view, verdict);
    made.takes = proof.took;
    Reasons blocks;
    if (view.asset.objectives.backups)
        judge_restore(scenario, view, proof, made, revisit, blocks);
    else
        judge_running(scenario, view.asset, verdict, proof, blocks);
    for (const std::string& need : scenario.needs)
        judge_need(need, scenario, view, revisit, blocks);
    std::ranges::stable_sort(blocks, std::ranges::greater{}, &Reason::state);
    made.state = blocks.empty() ? VerdictState::recoverable : blocks.front().state;
    for (Reason& block : blocks)
        made.blocks.push_back(std::move(block.text));
    return made;
}

Readiness sum_up(std::vector<AssetReadiness> assets) {
    Readiness made;
    std::ranges::stable_sort(assets, std::ranges::greater{}, &AssetReadiness::state);
    if (!assets.empty())
        made.state = assets.front().state;
    made.assets = std::move(assets);
    return made;
}

Unready unready(const std::optional<Readiness>& readiness) {
    Unready blocked;
    if (!readiness)
        return blocked;
    for (const AssetReadiness& ready : readiness->assets) {
        // The worst stand first; what is merely at risk is so by what the asset itself says.
        if (ready.state <= VerdictState::at_risk)
            break;
        if (!ready.blocks.empty())
            blocked.emplace(ready.asset, ready.blocks.front());
    }
    return blocked;
}

} // namespace recoverd::core
