// SPDX-License-Identifier: Apache-2.0
#include "core/rules/readiness.hpp"

#include "core/assertion.hpp"
#include "core/rules/threshold.hpp"
#include "core/verdict_parts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::core {

namespace {

struct Block {
    VerdictState state;
    std::string text;
};
using Blocks = std::vector<Block>;

/// "zone eu-1b", "region *-west, role archive"
std::string place_words(const Location& place) {
    std::string words;
    for (const auto& [name, value] : {std::pair{"node", &place.node}, std::pair{"zone", &place.zone},
                                      std::pair{"region", &place.region}, std::pair{"role", &place.role}})
        if (!value->empty())
            words += fmt::format("{}{} {}", words.empty() ? "" : ", ", name, *value);
    return words;
}

bool stands(const Repository& repository, const Location& place) {
    const Contributor& source = *repository.contributor;
    return stands_in(place, stands_at(*source.check, source.seen ? source.seen->location : Location{}));
}

/// The best of what stands in the right place; what is missing there is said.
const Repository* find_source(const Scenario& scenario, const std::vector<Repository>& repositories, Blocks& blocks) {
    const Repository* best = nullptr;
    bool unseen = false;
    for (const Repository& repository : repositories) {
        if (!stands(repository, scenario.recover_from))
            continue;
        unseen = unseen || repository.standing == Standing::unseen;
        if (repository.standing == Standing::good && repository.newest &&
            (!best || repository.newest->data_at > best->newest->data_at))
            best = &repository;
    }
    if (best)
        return best;
    const std::string place = place_words(scenario.recover_from);
    blocks.push_back({unseen || repositories.empty() ? VerdictState::unknown : VerdictState::unrecoverable,
                      fmt::format("no usable recovery point {}{}", unseen ? "could be seen" : "is known",
                                  place.empty() ? "" : " in " + place)});
    return nullptr;
}

std::optional<Time> oldest_of(const Repository& repository) {
    std::optional<Time> oldest;
    for (const Evidence& evidence : *repository.contributor->seen->evidence)
        if (const auto* points = std::get_if<RecoveryPoints>(&evidence))
            oldest = points->oldest_at;
    return oldest;
}

/// How far back the source goes. Of a job that only reports its backups nobody knows it, unless somebody who stands in
/// the same place looks at what is kept.
std::optional<Time> oldest_in(const Scenario& scenario, const std::vector<Repository>& repositories,
                              const Repository& source) {
    std::optional<Time> oldest = oldest_of(source);
    if (oldest)
        return oldest;
    for (const Repository& other : repositories)
        if (other.standing == Standing::good && stands(other, scenario.recover_from))
            if (const auto told = oldest_of(other); told && (!oldest || *told < *oldest))
                oldest = told;
    return oldest;
}

void judge_reach(const Scenario& scenario, Time now, AssetReadiness& made, Time& revisit, Blocks& blocks) {
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

void judge_time(const Scenario& scenario, const Verdict& verdict, Blocks& blocks) {
    if (!verdict.proven_depth)
        blocks.push_back({VerdictState::at_risk, std::string{kUnproven}});
    else if (scenario.rto && !verdict.proven_rto)
        blocks.push_back({VerdictState::at_risk,
                          fmt::format("no proof told how long it takes, {} are allowed: report its start, or its --rto",
                                      in_words(*scenario.rto))});
    else if (scenario.rto && *verdict.proven_rto > *scenario.rto)
        blocks.push_back({VerdictState::at_risk, fmt::format("the last proof took {}, {} are allowed",
                                                             in_words(*verdict.proven_rto), in_words(*scenario.rto))});
}

/// One that is backed up is restored from the best of what is left.
void judge_restore(const Scenario& scenario, const AssetView& view, const Verdict& verdict, AssetReadiness& made,
                   Time& revisit, Blocks& blocks) {
    const auto repositories = repositories_of(view, revisit);
    const Repository* source = find_source(scenario, repositories, blocks);
    if (!source)
        return;
    made.from = label(*source->contributor);
    made.newest = source->newest->data_at;
    made.oldest = oldest_in(scenario, repositories, *source);
    // Only there, with the log beside it, one may get further than the newest backup.
    if (scenario.recover_from == Location{} && verdict.recoverable_until)
        made.newest = std::max(*made.newest, *verdict.recoverable_until);
    judge_reach(scenario, view.now, made, revisit, blocks);
    judge_time(scenario, verdict, blocks);
}

/// One that is not backed up is begun anew: somebody has to see it now, and to have shown how long that takes where it
/// is asked.
void judge_running(const Scenario& scenario, const Verdict& verdict, Blocks& blocks) {
    if (verdict.state == VerdictState::unknown && !verdict.reasons.empty())
        blocks.push_back({VerdictState::unknown, verdict.reasons.front()});
    if (scenario.rto)
        judge_time(scenario, verdict, blocks);
}

/// Does what is needed hold of the asset, in whatever check asserts it? One that fails is worse than one unknown, and
/// what held when somebody could still look is unknown.
void judge_need(const std::string& need, const AssetView& view, Time& revisit, Blocks& blocks) {
    bool holds = false;
    bool unknown = false;
    std::string failing;
    for (const Contributor& contributor : view.contributors) {
        if (!contributor.seen)
            continue;
        const bool unseen =
            contributor.seen->vanished_since || silent(contributor, EvidenceKind::assertions, view.now, revisit);
        for (const Evidence& evidence : *contributor.seen->evidence) {
            const auto* assertions = std::get_if<Assertions>(&evidence);
            if (!assertions)
                continue;
            for (const Assertion& one : assertions->assertions) {
                if (!glob_matches(need, one.name))
                    continue;
                const AssertionState state = state_of(one);
                holds = holds || (state == AssertionState::holds && !unseen);
                unknown = unknown || unseen || state == AssertionState::unknown;
                if (state == AssertionState::fails)
                    failing = fmt::format("{}: {} is {}, {} is expected", label(contributor), one.name,
                                          one.actual.value_or(""), one.expected);
            }
        }
    }
    if (!failing.empty())
        blocks.push_back({VerdictState::at_risk, std::move(failing)});
    // Of several one may be the one that counts.
    else if (unknown || !holds)
        blocks.push_back(
            {VerdictState::unknown, fmt::format("{} '{}'", unknown ? "nobody could tell" : "no check asserts", need)});
}

} // namespace

AssetReadiness judge_readiness(const Scenario& scenario, const AssetView& view, const Verdict& verdict, Time& revisit) {
    AssetReadiness made;
    made.asset = view.asset.name;
    made.takes = verdict.proven_rto;
    Blocks blocks;
    if (view.asset.objectives.backups)
        judge_restore(scenario, view, verdict, made, revisit, blocks);
    else
        judge_running(scenario, verdict, blocks);
    for (const std::string& need : scenario.needs)
        judge_need(need, view, revisit, blocks);
    std::ranges::stable_sort(blocks, std::ranges::greater{}, &Block::state);
    made.state = blocks.empty() ? VerdictState::recoverable : blocks.front().state;
    for (Block& block : blocks)
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
