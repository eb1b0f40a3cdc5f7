// SPDX-License-Identifier: Apache-2.0
// From findings to alerts: lowered by what explains them, labelled, stepped, counted and published.
#include "core/engine/engine.hpp"
#include "core/engine/explained.hpp"
#include "core/engine/members.hpp"
#include "core/ongoing.hpp"
#include "core/rules/rules.hpp"

#include <algorithm>
#include <array>

namespace recoverd::core {

namespace {

/// What a failover test or a drill brings about by itself. That a backup is old, corrupt or missing is none of its
/// doing.
constexpr std::array kExplainedByExercise{
    RuleId::endpoint_down,        RuleId::endpoint_degraded, RuleId::replica_missing,
    RuleId::replication_lag_high, RuleId::evidence_missing,  RuleId::wal_archiving_failing,
    RuleId::pitr_lag_high,        RuleId::subject_vanished,  RuleId::measurement_out_of_range,
};

bool in_scope(const Maintenance& window, const Identity& identity) {
    if (window.assets.empty() && window.checks.empty())
        return true;
    const auto matches = [](const std::vector<std::string>& patterns, const std::string& name) {
        return !name.empty() &&
               std::ranges::any_of(patterns, [&](const auto& pattern) { return glob_matches(pattern, name); });
    };
    return matches(window.assets, identity.asset) || matches(window.checks, identity.check);
}

bool is_listed(const Alert& alert) { return alert.state != AlertState::resolved; }

/// It is silent, has never learned anything yet, or lacks a part. Its alerts tell also what was known before a restart.
bool is_unknown(const CheckUnit& unit) {
    const bool knows_nothing_yet = unit.check->looks() && !unit.memory->last_success;
    return unit.silence || knows_nothing_yet || std::ranges::any_of(unit.alerts, [](const auto& entry) {
               return is_listed(entry.second) && entry.second.finding.identity.rule == RuleId::evidence_missing;
           });
}

} // namespace

/// Expectations are none of a drill's doing either, but for those that a scenario takes for an outage: a canary that
/// cannot be written while a standby is promoted. Those of a server that no scenario counts are its own.
bool Engine::is_brought_about(const Identity& identity) const {
    if (std::ranges::find(kExplainedByExercise, identity.rule) != kExplainedByExercise.end())
        return true;
    const auto check = checks_.find(identity.check);
    return identity.rule == RuleId::assertion_failed && check != checks_.end() &&
           std::ranges::any_of(check->second->scenarios, [&](const ScenarioUnit* unit) {
               return decides(unit->scenario, *check->second, identity);
           });
}

std::string Engine::planned(const Identity& identity, Judgement& judgement, Time now) const {
    std::string cause;
    for (const Maintenance& window : config_->maintenance) {
        if (!in_scope(window, identity) || window.to <= now)
            continue;
        if (now < window.from) {
            judgement.look_again(window.from);
            continue;
        }
        judgement.look_again(window.to);
        cause = window.reason.empty() ? "maintenance" : "maintenance: " + window.reason;
    }
    const auto asset = assets_.find(identity.asset);
    if (cause.empty() && asset != assets_.end() && !asset->second->running_exercise.empty() &&
        is_brought_about(identity)) {
        judgement.look_again(asset->second->running_until);
        cause = "exercise " + asset->second->running_exercise + " is running";
    }
    return cause;
}

void Engine::lower(Finding& finding, const Alert* before, Judgement& judgement, Time now) const {
    std::string cause = planned(finding.identity, judgement, now);
    if (cause.empty())
        cause = explained(finding, before ? before->finding.lowered_by : std::string{}, judgement, now);
    // That an outage of P4 is part of a wider one matters once it is over.
    const bool is_noted = finding.priority < Priority::p4 ||
                          (finding.identity.rule == RuleId::scenario_active && finding.lowered_by.empty());
    if (cause.empty() || !is_noted)
        return;
    finding.priority = Priority::p4;
    finding.lowered_by = std::move(cause);
}

void Engine::conclude(JudgedUnit& unit, Judgement judgement, const Check* check, Scope scope, Time now) {
    std::vector<LabelledFinding> labelled;
    std::set<Identity> seen;
    unit.findings.clear();
    const Ongoing before{unit.alerts};
    for (Finding& finding : judgement.findings) {
        if (!seen.insert(finding.identity).second)
            continue;
        if (unit.kind != UnitKind::agent)
            lower(finding, before.find(finding.identity), judgement, now);
        const auto asset = assets_.find(finding.identity.asset);
        Labels labels =
            alert_labels(finding, *config_, check, asset == assets_.end() ? nullptr : &asset->second->asset, scope);
        unit.findings.push_back(finding);
        labelled.push_back({std::move(finding), std::move(labels)});
    }
    Time revisit = judgement.revisit;
    auto transitions = step(unit.alerts, labelled, now, revisit);
    changes_.visible = true;
    if (!transitions.empty())
        note_change(unit);
    take_back(unit, transitions);
    std::size_t retired = 0;
    for (Transition& transition : transitions) {
        // The same alert may still be known as one that was retired: only one of them may speak.
        if (&unit != &agent_)
            retired += agent_.alerts.erase(transition.alert.labels);
        changes_.transitions.push_back(std::move(transition));
    }
    if (retired > 0) {
        recount(agent_, nullptr);
        note_change(agent_);
    }
    // A moment that is not ahead would be asked again at once, for ever.
    plan(unit, std::max(revisit, now + 1ms));
    recount(unit, unit.kind == UnitKind::asset ? &static_cast<AssetUnit&>(unit).verdict : nullptr);
}

/// Forgets that alerts began which end here, when nobody has been told: what explains them was found in the same
/// breath. One that was told before, and whose end is still owed, may not be forgotten.
void Engine::take_back(JudgedUnit& unit, std::vector<Transition>& transitions) {
    std::set<Labels> ended;
    for (const Transition& transition : transitions)
        if (transition.alert.state == AlertState::resolved)
            ended.insert(transition.alert.labels);
    if (ended.empty())
        return;
    std::set<Labels> taken;
    std::erase_if(changes_.transitions, [&](const Transition& untold) {
        // The first that is untold says what was told before.
        const auto first = ended.extract(untold.alert.labels);
        return !first.empty() && untold.alert.state == AlertState::firing && taken.insert(first.value()).second;
    });
    std::erase_if(transitions, [&](const Transition& transition) {
        return transition.alert.state == AlertState::resolved && taken.contains(transition.alert.labels);
    });
    for (const Labels& labels : taken)
        unit.alerts.erase(labels);
}

namespace {

Counts counts_of(const JudgedUnit& unit, const Verdict* verdict) {
    Counts counts;
    for (const auto& [labels, alert] : unit.alerts)
        if (is_listed(alert) && alert.finding.identity.rule != RuleId::recoverd_watchdog)
            ++counts.alerts[static_cast<std::size_t>(alert.state)][static_cast<std::size_t>(alert.finding.priority)];
    if (verdict)
        ++counts.verdicts[static_cast<std::size_t>(verdict->state)];
    if (unit.kind == UnitKind::check && is_unknown(static_cast<const CheckUnit&>(unit)))
        counts.unknown = 1;
    return counts;
}

} // namespace

void Engine::recount(JudgedUnit& unit, const Verdict* verdict) { count(unit, counts_of(unit, verdict)); }

void Engine::count(JudgedUnit& unit, const Counts& counts) {
    for (std::size_t state = 0; state < counts.alerts.size(); ++state)
        for (std::size_t priority = 0; priority < counts.alerts[state].size(); ++priority)
            counts_.alerts[state][priority] += counts.alerts[state][priority] - unit.counted.alerts[state][priority];
    for (std::size_t i = 0; i < counts.verdicts.size(); ++i)
        counts_.verdicts[i] += counts.verdicts[i] - unit.counted.verdicts[i];
    counts_.unknown += counts.unknown - unit.counted.unknown;
    unit.counted = counts;
    if (unit.kind == UnitKind::scenario)
        note_speaking(static_cast<ScenarioUnit&>(unit));
    if (unit.kind != UnitKind::target)
        return;
    if (auto& target = static_cast<TargetUnit&>(unit); target.alerts.empty())
        told_of_.erase(&target);
    else
        told_of_.insert(&target);
}

void Engine::plan(JudgedUnit& unit, Time revisit) {
    unplan(unit);
    unit.revisit = revisit;
    if (revisit < kNever)
        queue_.emplace(revisit, unit.kind, unit.order, &unit);
}

void Engine::unplan(JudgedUnit& unit) {
    queue_.erase({unit.revisit, unit.kind, unit.order, &unit});
    unit.revisit = kNever;
}

void Engine::note_change(JudgedUnit& unit) {
    if (unit.kind == UnitKind::target || unit.kind == UnitKind::agent) {
        changes_.other = true;
        return;
    }
    if (unit.changed)
        return;
    unit.changed = true;
    if (unit.kind == UnitKind::check)
        changes_.checks.push_back(static_cast<const CheckUnit*>(&unit));
    if (unit.kind == UnitKind::asset)
        changes_.assets.push_back(static_cast<const AssetUnit*>(&unit));
    if (unit.kind == UnitKind::scenario)
        changes_.scenarios.push_back(static_cast<const ScenarioUnit*>(&unit));
    if (unit.kind == UnitKind::validation)
        changes_.validations.push_back(static_cast<const ValidationUnit*>(&unit));
}

Engine::Changes Engine::take_changes() {
    Changes taken = std::move(changes_);
    changes_ = {};
    for (const CheckUnit* unit : taken.checks)
        checks_.at(unit->name)->changed = false;
    for (const AssetUnit* unit : taken.assets)
        assets_.at(unit->name)->changed = false;
    for (const ScenarioUnit* unit : taken.scenarios)
        scenarios_.at(unit->name)->changed = false;
    for (const ValidationUnit* unit : taken.validations)
        validations_.at(unit->name)->changed = false;
    return taken;
}

void Engine::publish(CheckUnit& unit) {
    changes_.visible = true;
    auto made = std::make_shared<const CheckSnapshot>(
        CheckSnapshot{unit.check, unit.memory, unit.subject_assets, listed(unit.alerts), unit.fresh, unit.reports});
    if (unit.page == check_pages_.size())
        check_pages_.push_back(std::move(made));
    else
        check_pages_.set(unit.page, std::move(made));
}

void Engine::publish(AssetUnit& unit) {
    changes_.visible = true;
    AssetSnapshot made{unit.asset, unit.verdict, listed(unit.alerts), {}, {}};
    for (const CheckUnit* member : unit.members)
        made.checks.push_back(member->name);
    std::ranges::sort(made.checks);
    made.due = exercises_due({unit.asset, unit.first_seen, contributors_of(unit), unit.planned, {}, {}});
    auto shared = std::make_shared<const AssetSnapshot>(std::move(made));
    if (unit.page == asset_pages_.size())
        asset_pages_.push_back(std::move(shared));
    else
        asset_pages_.set(unit.page, std::move(shared));
}

const CheckUnit* Engine::check(std::string_view name) const {
    const auto at = checks_.find(name);
    return at == checks_.end() ? nullptr : at->second.get();
}

const AssetUnit* Engine::asset(std::string_view name) const {
    const auto at = assets_.find(name);
    return at == assets_.end() ? nullptr : at->second.get();
}

Alerts Engine::other_alerts() const {
    Alerts alerts = agent_.alerts;
    for (const TargetUnit* unit : told_of_)
        alerts.insert(unit->alerts.begin(), unit->alerts.end());
    return alerts;
}

Snapshot Engine::snapshot(Time now) {
    Snapshot made;
    made.made_at = now;
    made.sequence = ++sequence_;
    made.config = config_;
    made.checks = check_pages_;
    made.assets = asset_pages_;
    for (const auto& [name, unit] : scenarios_)
        if (unit->published)
            made.scenarios.push_back(unit->published);
    for (const auto& [name, unit] : validations_)
        if (unit->published)
            made.validations.push_back(unit->published);
    made.other_alerts = listed(other_alerts());
    made.alert_counts = counts_.alerts;
    const auto& firing = counts_.alerts[static_cast<std::size_t>(AlertState::firing)];
    const auto verdicts = [&](VerdictState state) { return counts_.verdicts[static_cast<std::size_t>(state)]; };
    if (firing[0] > 0)
        made.status = Status::major_outage;
    else if (firing[1] > 0 || verdicts(VerdictState::unrecoverable) > 0)
        made.status = Status::partial_outage;
    else if (firing[2] > 0 || verdicts(VerdictState::unknown) > 0 || counts_.unknown > 0)
        made.status = Status::degraded;
    return made;
}

} // namespace recoverd::core
