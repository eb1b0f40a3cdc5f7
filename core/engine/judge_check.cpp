// SPDX-License-Identifier: Apache-2.0
// What a check has learned, and what is judged of it alone.
#include "core/assertion.hpp"
#include "core/engine/engine.hpp"
#include "core/remember.hpp"
#include "core/rules/rules.hpp"
#include "core/rules/scenarios.hpp"
#include "core/schedule.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace recoverd::core {

namespace {

bool tells_of_log(const CheckUnit& unit) { return unit.check->may_bring(EvidenceKind::log_archive); }

/// Until when a check's silence is not held against it after its target was down: having backed off, it may not have
/// looked again yet. Nothing once it has.
std::optional<Time> excused_until(const CheckUnit& unit) {
    const Time down_until = unit.target->down_until;
    if (unit.memory->last_run && *unit.memory->last_run - unit.memory->last_took >= down_until)
        return std::nullopt;
    return down_until + std::max(unit.check->every, Schedule::kMaxBackOff) + unit.check->timeout;
}

/// Is it about an expectation that is told of, and of which nobody knows whether it holds?
bool is_undecided(const CheckMemory& memory, const Identity& identity) {
    const auto seen = memory.subjects.find(identity.subject);
    if (identity.assertion.empty() || seen == memory.subjects.end())
        return false;
    return std::ranges::any_of(*seen->second.evidence, [&](const Evidence& evidence) {
        const auto* all = std::get_if<Assertions>(&evidence);
        return all && std::ranges::any_of(all->assertions, [&](const Assertion& one) {
                   return one.name == identity.assertion && state_of(one) == AssertionState::unknown;
               });
    });
}

/// Is it about a probe that began anew, and has not seen so many good ones in a row as end that?
bool is_unsettled(const Check& check, const CheckMemory& memory, const Identity& identity) {
    const bool of_down = identity.rule == RuleId::endpoint_down;
    const auto at = memory.subjects.find(identity.subject);
    if ((!of_down && identity.rule != RuleId::endpoint_degraded) || at == memory.subjects.end())
        return false;
    const SubjectMemory& seen = at->second;
    const unsigned good = of_down ? seen.not_down_in_row : seen.good_in_row;
    return seen.settled == ReachState::up && good < std::max(1U, check.successes);
}

/// Does what is known of this subject say whether the finding still holds? As long as there was no whole answer, the
/// halves of one speak of the kinds that came.
bool answers_for(const SubjectMemory& seen, const Identity& identity) {
    if (seen.learned_at == Time{})
        return false;
    const bool was_whole = !seen.failure || seen.failing_since > seen.learned_at;
    const auto kinds = kinds_of(identity);
    return was_whole || kinds.empty() || std::ranges::any_of(*seen.evidence, [&](const Evidence& evidence) {
               // One value that may not change says nothing of another one, nor of what is expected.
               const auto* fingerprint = std::get_if<Fingerprint>(&evidence);
               return std::ranges::find(kinds, kind_of(evidence)) != kinds.end() &&
                      (!fingerprint || fingerprint->name == identity.assertion);
           });
}

/// Was nothing learned yet of what this is about, though its check has looked?
bool is_unseen(const CheckMemory& memory, const Identity& identity) {
    bool listed = false;
    bool told = false;
    const auto look_at = [&](const SubjectMemory& seen) {
        listed = true;
        told = told || answers_for(seen, identity);
    };
    const auto look_for = [&](std::string_view name) {
        if (const auto at = memory.subjects.find(name); at != memory.subjects.end())
            look_at(at->second);
    };
    if (identity.subject.empty()) {
        for (const auto& [name, seen] : memory.subjects)
            look_at(seen);
    } else {
        look_for({});
        for_each_subject_of(identity.subject, look_for);
    }
    return listed && !told;
}

/// The subject of which that was found: itself, or the one that it lies inside. Nothing where no such one was seen,
/// under these options or under others before.
std::optional<std::string_view> subject_of(const CheckMemory& memory, std::string_view found) {
    std::optional<std::string_view> subject;
    const auto look_for = [&](std::string_view name) {
        if (memory.subjects.contains(name) || memory.seen_before.contains(name))
            subject = name;
    };
    look_for({});
    for_each_subject_of(found, look_for);
    return subject;
}

} // namespace

void Engine::learn(std::string_view check, const Report& report, Time now) {
    const auto at = checks_.find(check);
    if (at == checks_.end())
        return;
    CheckUnit& unit = *at->second;
    const bool is_first = !unit.fresh || !unit.memory->last_success;
    const bool discovers = makes_assets(*unit.check) && !unit.memory->last_success && report.result;
    CheckMemory memory = *unit.memory;
    const bool others = remember(memory, *unit.check, report);
    replace_memory(unit, std::move(memory));
    if (!unit.fresh && unit.target)
        mark(*unit.target);
    unit.fresh = true;
    unit.restored = false;
    ++unit.reports;
    const bool has_begun = is_first && report.result;
    if (others || has_begun || unit.memory->subjects.size() != unit.subject_assets.size() || unit.check->discover)
        attach(unit, now);
    // It has said which assets there are; those that were kept until then may go, and those of what nobody misses.
    if ((discovers || others) && drop_assets_without_configuration())
        lay_out_pages();
    note_change(unit);
    mark(unit);
    if (!unit.about_recovery) {
        // What is found of it later, its silence among that, has its assets judged when it is concluded.
        for (AssetUnit* asset : unit.assets)
            if (is_first && !asset->asset.objectives.backups)
                mark(*asset);
        return;
    }
    for (AssetUnit* asset : unit.assets) {
        refresh(*asset, now);
        mark(*asset);
        // What a server claims to have archived is held against what the repository shows, and the other way round.
        if (tells_of_log(unit))
            for (CheckUnit* other : asset->members)
                if (other != &unit && tells_of_log(*other))
                    mark(*other);
    }
}

void Engine::judge_subjects(const CheckUnit& unit, Judgement& judgement, Time now) const {
    const bool of_log = tells_of_log(unit);
    std::map<const AssetUnit*, std::vector<HeldArchive>> held;
    std::size_t i = 0;
    for (const auto& [subject, seen] : unit.memory->subjects) {
        const std::string& asset_name = unit.subject_assets[i++];
        const auto at = assets_.find(asset_name);
        const AssetUnit* asset = at == assets_.end() ? nullptr : at->second.get();
        std::span<const HeldArchive> repositories;
        if (asset && of_log) {
            const auto [known, is_first] = held.try_emplace(asset);
            if (is_first)
                known->second = repositories_of(*asset);
            repositories = known->second;
        }
        const bool own = unit.check->subjects.empty() && (!asset || asset->name == unit.check->asset);
        const Policy merged = own ? Policy{} : policy_of(*unit.check, subject, asset ? &asset->asset : nullptr);
        judge_subject({*unit.check, *unit.memory, subject, seen, asset_name, asset ? &asset->asset : nullptr,
                       own ? unit.check->policy : merged, asset ? asset->newest_good : std::nullopt, repositories, now,
                       asset ? &asset->last_ends : nullptr},
                      judgement);
    }
}

/// Decides who tells of a check's silence: nobody when its target is known to be down, the target when several checks
/// share it, else the check.
void Engine::place_silence(CheckUnit& unit, Judgement& judgement, Time now) {
    Judgement silence;
    judge_silence(*unit.check, *unit.memory, now, silence);
    judgement.look_again(silence.revisit);
    const bool was_told = unit.target_tells;
    unit.silence.reset();
    unit.target_tells = false;
    bool excused = false;
    std::size_t sharing = 0;
    if (unit.target) {
        const auto until = excused_until(unit);
        if (until && now < *until)
            judgement.look_again(*until);
        excused = (until && now < *until) || std::ranges::any_of(unit.target->members, &CheckUnit::finds_down);
        sharing = static_cast<std::size_t>(std::ranges::count_if(
            unit.target->members, [](const CheckUnit* member) { return !member->check->probes; }));
    }
    for (Finding& finding : silence.findings) {
        if (!unit.assets.empty() && finding.identity.asset.empty() && unit.assets.size() == 1)
            finding.identity.asset = (*unit.assets.begin())->name;
        unit.silence = std::make_unique<const Finding>(finding);
        unit.target_tells = !excused && sharing > 1;
        if (!excused && sharing <= 1)
            judgement.findings.push_back(std::move(finding));
    }
    if (unit.target && (unit.target_tells || was_told))
        mark(*unit.target);
}

/// A check whose options changed has forgotten what it saw. What fires goes on until something was learned of it: that
/// nothing can be seen there ends nothing, nor half an answer without it, nor an expectation that stays unknown, nor a
/// probe that is bad still, or was good once.
void Engine::carry_over(const CheckUnit& unit, Judgement& judgement) const {
    for (const auto& [labels, alert] : unit.alerts) {
        Finding finding = alert.finding;
        Identity& identity = finding.identity;
        if (unit.memory->last_success && !is_unseen(*unit.memory, identity) && !is_undecided(*unit.memory, identity) &&
            !is_unsettled(*unit.check, *unit.memory, identity))
            continue;
        if (alert.state != AlertState::firing || identity.rule == RuleId::evidence_missing ||
            (!identity.asset.empty() && !assets_.contains(identity.asset)))
            continue;
        // Whose it is and whether anybody wants to hear of it may be configured otherwise since.
        const auto subject = subject_of(*unit.memory, identity.subject);
        const auto owner = assets_.find(subject ? asset_of(*unit.check, *subject) : identity.asset);
        const Asset* asset = owner == assets_.end() ? nullptr : &owner->second->asset;
        if (!policy_of(*unit.check, subject.value_or(identity.subject), asset).enabled(identity.rule))
            continue;
        identity.asset = asset ? asset->name : std::string{};
        finding.priority = finding.raw_priority;
        finding.lowered_by.clear();
        judgement.findings.push_back(std::move(finding));
    }
}

/// That a target is down, or up again, is news to the others that share it from the first that says so, and the last.
void Engine::show_to_sharing(CheckUnit& unit, Time now) {
    if (!unit.finds_down)
        unit.target->down_until = now;
    const auto says_so = [&](const CheckUnit* member) { return member != &unit && member->finds_down; };
    if (std::ranges::any_of(unit.target->members, says_so))
        return;
    for (CheckUnit* member : unit.target->members)
        if (member != &unit)
            mark(*member);
}

void Engine::judge(CheckUnit& unit, Time now) {
    if (!unit.fresh) {
        publish(unit);
        return;
    }
    const bool was_silent = unit.silence != nullptr;
    Judgement judgement;
    judge_subjects(unit, judgement, now);
    carry_over(unit, judgement);
    place_silence(unit, judgement, now);
    const bool finds_down = std::ranges::any_of(
        judgement.findings, [](const Finding& finding) { return finding.identity.rule == RuleId::endpoint_down; });
    if (std::exchange(unit.finds_down, finds_down) != finds_down && unit.target)
        show_to_sharing(unit, now);
    const std::vector<Finding> before = std::move(unit.findings);
    conclude(unit, std::move(judgement), unit.check.get(), unit.check->scope, now);
    if (unit.findings != before || (unit.silence != nullptr) != was_silent)
        for (AssetUnit* asset : unit.assets)
            mark(*asset);
    show_to_scenarios(unit);
    show_to_validations(unit);
    publish(unit);
}

} // namespace recoverd::core
