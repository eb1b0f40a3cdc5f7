// SPDX-License-Identifier: Apache-2.0
// What is learned, and what each unit is asked when its moment has come.
#include "core/engine/engine.hpp"
#include "core/remember.hpp"
#include "core/rules/exercises.hpp"
#include "core/rules/points.hpp"
#include "core/rules/rules.hpp"
#include "core/schedule.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <variant>

namespace recoverd::core {

namespace {

bool tells_of_log(const CheckUnit& unit) {
    return std::ranges::find(unit.check->brings, EvidenceKind::log_archive) != unit.check->brings.end();
}

/// Until when a check's silence is not held against it after its target was down: having backed off, it may not have
/// looked again yet. Nothing once it has.
std::optional<Time> excused_until(const CheckUnit& unit) {
    const Time down_until = unit.target->down_until;
    if (unit.memory.last_run && *unit.memory.last_run - unit.memory.last_took >= down_until)
        return std::nullopt;
    return down_until + std::max(unit.check->every, Schedule::kMaxBackOff) + unit.check->timeout;
}

/// An asset that only nodes look at is another one on each node: what is said of it must not meet what others say.
Scope scope_of(const AssetUnit& unit) {
    const auto looks = [](const CheckUnit* member) { return member->check->looks(); };
    const auto of_cluster = [](const CheckUnit* member) {
        return member->check->looks() && member->check->scope == Scope::cluster;
    };
    return std::ranges::any_of(unit.members, looks) && std::ranges::none_of(unit.members, of_cluster) ? Scope::node
                                                                                                      : Scope::cluster;
}

} // namespace

void Engine::learn(std::string_view check, const Report& report, Time now) {
    const auto at = checks_.find(check);
    if (at == checks_.end())
        return;
    CheckUnit& unit = *at->second;
    const bool discovers = unit.check->discover && !unit.memory.last_success && report.result;
    remember(unit.memory, *unit.check, report);
    if (!unit.fresh && unit.target)
        mark(*unit.target);
    unit.fresh = true;
    unit.restored = false;
    ++unit.reports;
    if (unit.memory.subjects.size() != unit.subject_assets.size() || unit.check->discover)
        attach(unit, now);
    // It has said which assets there are; those that were kept until then may go.
    if (discovers) {
        drop_assets_without_configuration();
        lay_out_pages();
    }
    note_change(unit);
    mark(unit);
    if (!unit.about_recovery)
        return;
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

void Engine::judge_all_again() {
    for (auto& [name, unit] : checks_)
        mark(*unit);
    for (auto& [name, unit] : assets_)
        mark(*unit);
    for (auto& [name, unit] : targets_)
        mark(*unit);
    for (auto& [name, unit] : scenarios_)
        mark(*unit);
    for (auto& [name, unit] : validations_)
        mark(*unit);
    mark(agent_);
}

void Engine::report_trouble(RuleId rule, std::optional<std::string> reason) {
    if (reason)
        agent_.troubles[rule] = std::move(*reason);
    else
        agent_.troubles.erase(rule);
    mark(agent_);
}

Time Engine::next() const { return queue_.empty() ? kNever : std::get<Time>(*queue_.begin()); }

void Engine::advance(Time now) {
    while (!queue_.empty() && std::get<Time>(*queue_.begin()) <= now) {
        JudgedUnit& unit = *std::get<JudgedUnit*>(*queue_.begin());
        unplan(unit);
        switch (unit.kind) {
        case UnitKind::check:
            judge(static_cast<CheckUnit&>(unit), now);
            break;
        case UnitKind::asset:
            judge(static_cast<AssetUnit&>(unit), now);
            break;
        case UnitKind::target:
            judge(static_cast<TargetUnit&>(unit), now);
            break;
        case UnitKind::scenario:
            judge(static_cast<ScenarioUnit&>(unit), now);
            break;
        case UnitKind::validation:
            judge(static_cast<ValidationUnit&>(unit), now);
            break;
        case UnitKind::agent:
            judge(agent_, now);
            break;
        }
    }
}

std::vector<Contributor> Engine::contributors_of(const AssetUnit& unit) const {
    std::vector<Contributor> contributors;
    for (const CheckUnit* member : unit.members) {
        if (!member->about_recovery)
            continue;
        std::size_t i = 0;
        for (const auto& [subject, seen] : member->memory.subjects)
            if (const std::size_t at = i++;
                at < member->subject_assets.size() && member->subject_assets[at] == unit.name)
                contributors.push_back({member->check.get(), subject, &seen, &member->memory});
        if (member->memory.subjects.empty())
            contributors.push_back({member->check.get(), {}, nullptr, &member->memory});
    }
    std::ranges::sort(contributors, {},
                      [](const Contributor& c) { return std::pair{std::string_view{c.check->name}, c.subject}; });
    return contributors;
}

/// Brings up to date what an asset's checks know of each other. When that changed, they are judged again.
void Engine::refresh(AssetUnit& unit, Time now) {
    std::optional<Time> newest_good;
    std::string running;
    Time running_until = kNever;
    for (const Contributor& contributor : contributors_of(unit)) {
        if (!contributor.seen)
            continue;
        newest_good = std::max(newest_good, newest_good_now(*contributor.seen));
        for (const Exercise& exercise : contributor.seen->exercises) {
            const auto planned = std::ranges::find(unit.planned, exercise.exercise, &PlannedExercise::name);
            const Duration length = planned != unit.planned.end() ? planned->duration.value_or(kDay) : kDay;
            const Time until = exercise.started_at.value_or(contributor.seen->learned_at) + length;
            // A restore test runs beside what it proves, and explains nothing there.
            if (exercise.outcome != ExerciseOutcome::started || until <= now || is_restore_test(exercise.exercise))
                continue;
            running = exercise.exercise;
            running_until = std::min(running_until, until);
        }
    }
    if (newest_good == unit.newest_good && running == unit.running_exercise && running_until == unit.running_until)
        return;
    unit.newest_good = newest_good;
    unit.running_exercise = running;
    unit.running_until = running_until;
    for (CheckUnit* member : unit.members)
        mark(*member);
}

/// What the repositories of an asset hold, so that a server's claims can be held against it.
std::vector<HeldArchive> Engine::repositories_of(const AssetUnit& unit) const {
    std::vector<HeldArchive> repositories;
    for (const Contributor& contributor : contributors_of(unit)) {
        if (!contributor.seen)
            continue;
        for (const Evidence& evidence : *contributor.seen->evidence)
            if (const auto* archive = std::get_if<LogArchive>(&evidence); archive && archive->from_repository)
                repositories.push_back({archive, contributor.seen->learned_at});
    }
    return repositories;
}

void Engine::judge_subjects(const CheckUnit& unit, Judgement& judgement, Time now) const {
    const bool of_log = tells_of_log(unit);
    std::size_t i = 0;
    for (const auto& [subject, seen] : unit.memory.subjects) {
        const std::string& asset_name = unit.subject_assets[i++];
        const auto at = assets_.find(asset_name);
        const AssetUnit* asset = at == assets_.end() ? nullptr : at->second.get();
        std::vector<HeldArchive> repositories;
        if (asset && of_log)
            repositories = repositories_of(*asset);
        const bool own = unit.check->subjects.empty() && (!asset || asset->name == unit.check->asset);
        const Policy merged = own ? Policy{} : policy_of(*unit.check, subject, asset ? &asset->asset : nullptr);
        judge_subject({*unit.check, unit.memory, subject, seen, asset_name, asset ? &asset->asset : nullptr,
                       own ? unit.check->policy : merged, asset ? asset->newest_good : std::nullopt, repositories, now},
                      judgement);
    }
}

/// Decides who tells of a check's silence: nobody when its target is known to be down, the target when several checks
/// share it, else the check.
void Engine::place_silence(CheckUnit& unit, Judgement& judgement, Time now) {
    Judgement silence;
    judge_silence(*unit.check, unit.memory, now, silence);
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
        unit.silence = finding;
        unit.target_tells = !excused && sharing > 1;
        if (!excused && sharing <= 1)
            judgement.findings.push_back(std::move(finding));
    }
    if (unit.target && (unit.target_tells || was_told))
        mark(*unit.target);
}

/// Was nothing learned yet of what this is about, though its check has looked?
bool is_unseen(const CheckMemory& memory, std::string_view subject) {
    bool listed = false;
    for (const auto& [name, seen] : memory.subjects) {
        if (!is_about(subject, name))
            continue;
        listed = true;
        if (seen.learned_at != Time{})
            return false;
    }
    return listed;
}

/// A check whose options changed has forgotten what it saw. What fires goes on until it has learned something: that
/// nothing can be seen there ends nothing.
void Engine::carry_over(const CheckUnit& unit, Judgement& judgement) const {
    for (const auto& [labels, alert] : unit.alerts) {
        Finding finding = alert.finding;
        const Identity& identity = finding.identity;
        if (unit.memory.last_success && !is_unseen(unit.memory, identity.subject))
            continue;
        if (alert.state != AlertState::firing || identity.rule == RuleId::evidence_missing ||
            !unit.check->policy.enabled(identity.rule) ||
            (!identity.asset.empty() && !assets_.contains(identity.asset)))
            continue;
        finding.priority = finding.raw_priority;
        finding.lowered_by.clear();
        judgement.findings.push_back(std::move(finding));
    }
}

void Engine::judge(CheckUnit& unit, Time now) {
    if (!unit.fresh) {
        publish(unit);
        return;
    }
    const bool was_silent = unit.silence.has_value();
    Judgement judgement;
    judge_subjects(unit, judgement, now);
    carry_over(unit, judgement);
    place_silence(unit, judgement, now);
    const bool finds_down = std::ranges::any_of(
        judgement.findings, [](const Finding& finding) { return finding.identity.rule == RuleId::endpoint_down; });
    if (finds_down != unit.finds_down && unit.target) {
        if (!finds_down)
            unit.target->down_until = now;
        for (CheckUnit* member : unit.target->members)
            if (member != &unit)
                mark(*member);
    }
    unit.finds_down = finds_down;
    const std::vector<Finding> before = std::move(unit.findings);
    conclude(unit, std::move(judgement), unit.check.get(), unit.check->scope, now);
    if (unit.findings != before || unit.silence.has_value() != was_silent)
        for (AssetUnit* asset : unit.assets)
            mark(*asset);
    show_to_scenarios(unit);
    show_to_validations(unit);
    publish(unit);
}

void Engine::judge(AssetUnit& unit, Time now) {
    refresh(unit, now);
    const auto contributors = contributors_of(unit);
    std::vector<Finding> findings;
    bool all_fresh = true;
    for (const CheckUnit* member : unit.members) {
        all_fresh = all_fresh && (member->fresh || !member->about_recovery);
        for (const Finding& finding : member->findings)
            if (finding.identity.asset == unit.name)
                findings.push_back(finding);
        // Told by its target, or explained by an endpoint that is down: unseen all the same.
        if (member->silence && std::ranges::find(member->findings, member->silence->identity, &Finding::identity) ==
                                   member->findings.end()) {
            findings.push_back(*member->silence);
            findings.back().identity.asset = unit.name;
        }
    }
    std::ranges::sort(findings, {}, &Finding::identity);
    const AssetView view{unit.asset, unit.first_seen, contributors, unit.planned, findings, now};
    Time revisit = kNever;
    unit.verdict = judge_verdict(view, revisit);
    if (!all_fresh && unit.verdict.state < VerdictState::unknown) {
        unit.verdict.state = VerdictState::unknown;
        unit.verdict.reasons.insert(unit.verdict.reasons.begin(), "not looked at since the agent started");
    }
    if (!unit.running_exercise.empty())
        revisit = std::min(revisit, unit.running_until);
    if (all_fresh) {
        Judgement judgement;
        judgement.look_again(revisit);
        core::judge_asset(view, judgement);
        judge_promises(view, watched_by(unit), judgement);
        conclude(unit, std::move(judgement), nullptr, scope_of(unit), now);
    } else {
        plan(unit, revisit);
    }
    recount(unit, &unit.verdict);
    publish(unit);
    for (const auto& [name, scenario] : scenarios_)
        if (recovers(scenario->scenario, unit.name))
            mark(*scenario);
}

void Engine::judge(TargetUnit& unit, Time now) {
    // After a restart what was firing goes on until everybody who shares the target has looked.
    if (!std::ranges::all_of(unit.members, &CheckUnit::fresh))
        return;
    Judgement judgement;
    std::optional<Finding> shared;
    std::set<std::string> assets;
    std::set<std::string> names;
    bool of_node = false;
    for (const CheckUnit* member : unit.members) {
        of_node = of_node || member->check->scope == Scope::node;
        // Of all that share it, silent or not: who falls silent later may not make another alert of it.
        if (!member->check->probes)
            for (const AssetUnit* asset : member->assets)
                assets.insert(asset->name);
        if (!member->silence || !member->target_tells)
            continue;
        if (!shared || member->silence->priority < shared->priority)
            shared = member->silence;
        names.insert(member->name);
    }
    if (shared) {
        Identity identity;
        identity.rule = RuleId::evidence_missing;
        identity.target = unit.name;
        if (assets.size() == 1)
            identity.asset = *assets.begin();
        shared->identity = identity;
        shared->reason += fmt::format(" (checks {})", fmt::join(names, ", "));
        judgement.findings.push_back(std::move(*shared));
    }
    // Each node's agent tells of its own "localhost".
    conclude(unit, std::move(judgement), nullptr, of_node ? Scope::node : Scope::cluster, now);
}

void Engine::judge(AgentUnit& unit, Time now) {
    Judgement judgement;
    const auto find = [&](RuleId id, std::string reason) {
        Finding finding;
        finding.identity.rule = id;
        finding.priority = finding.raw_priority = rule(id).priority;
        finding.hold = rule(id).hold;
        finding.reason = std::move(reason);
        judgement.findings.push_back(std::move(finding));
    };
    for (const auto& [id, reason] : unit.troubles)
        find(id, reason);
    find(RuleId::recoverd_watchdog, "the agent is alive; when this stops, nobody is watching");
    conclude(unit, std::move(judgement), nullptr, Scope::node, now);
}

} // namespace recoverd::core
