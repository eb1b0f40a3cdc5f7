// SPDX-License-Identifier: Apache-2.0
// How a configuration is taken over: who keeps its memory, who is new, and what becomes of what is gone.
#include "core/clock.hpp"
#include "core/engine/engine.hpp"
#include "core/engine/own_checks.hpp"
#include "core/engine/unseen.hpp"
#include "core/remember.hpp"

#include <algorithm>

namespace recoverd::core {

namespace {

/// Reachability and numbers say nothing about what could be recovered.
bool is_about_recovery(const Check& check) {
    return std::ranges::any_of(check.brings, [](EvidenceKind kind) {
        return kind != EvidenceKind::reachability && kind != EvidenceKind::measurement;
    });
}

/// From when silence counts of a check whose options were changed: what is told already goes on until it has looked.
Time silent_since(const Alerts& alerts, const CheckMemory& before, Time now) {
    return tells_of_silence(alerts) ? std::max(before.watched_since, before.last_success.value_or(Time::min())) : now;
}

bool is_of_collector(const Check& check, std::string_view fingerprint) {
    return fingerprint.starts_with(check.collector + " ");
}

/// The options of a check say where it looks; what one was told stays true, whatever is expected of it from now on.
bool is_same_source(const Check& check, std::string_view fingerprint) {
    return fingerprint == check.fingerprint || (!check.looks() && is_of_collector(check, fingerprint));
}

/// What a check whose options were changed remembers, over a reload as over a restart.
CheckMemory changed(const Check& check, std::string_view fingerprint, const Alerts& alerts, const CheckMemory& before,
                    Time now) {
    CheckMemory made = begun_anew(before, is_of_collector(check, fingerprint));
    made.watched_since = silent_since(alerts, before, now);
    return made;
}

} // namespace

Engine::Engine(Time start) : start_(start) { mark(agent_); }

void Engine::restore_check(const std::string& name, RestoredCheck restored) {
    // Silence that had been noticed before goes on; silence while nobody looked does not count.
    watch_anew(restored.memory, restored.alerts, start_);
    take_up(restored.alerts, start_);
    restored_checks_[name] = std::move(restored);
}

void Engine::restore_asset(const std::string& name, Time first_seen, Alerts alerts) {
    keep_before(first_seen, start_);
    take_up(alerts, start_);
    restored_assets_[name] = {first_seen, std::move(alerts)};
}

void Engine::restore_other(Alerts alerts) {
    take_up(alerts, start_);
    for (auto& [labels, alert] : alerts) {
        const Identity& identity = alert.finding.identity;
        const bool of_target = identity.rule == RuleId::evidence_missing && identity.check.empty();
        Alerts& into = of_target ? restored_targets_[identity.target] : agent_.alerts;
        into.insert_or_assign(labels, std::move(alert));
    }
}

void Engine::configure(std::shared_ptr<const Config> config, Time now) {
    config_ = std::move(config);
    ++configured_;
    for (auto& [name, unit] : checks_)
        detach(*unit);
    configure_assets(now);
    for (const auto& check : config_->checks) {
        claim_check(check, now);
        attach(*checks_.at(check->name), now);
    }
    adopt_restored_assets(now);
    drop_checks_without_configuration();
    for (auto& [name, unit] : checks_)
        attach(*unit, now);
    drop_assets_without_configuration();
    drop_targets_without_checks();
    configure_scenarios();
    configure_validations(now);
    // What nobody claimed is gone: its alerts end here, not by being forgotten.
    for (auto& [name, restored] : restored_checks_) {
        retire(std::move(restored.alerts));
        changes_.dropped_checks.push_back(name);
    }
    for (auto& [name, restored] : restored_assets_) {
        retire(std::move(restored.second));
        changes_.dropped_assets.push_back(name);
    }
    for (auto& [name, restored] : restored_scenarios_) {
        retire(std::move(restored.second));
        changes_.dropped_scenarios.push_back(name);
    }
    for (auto& [name, restored] : restored_validations_) {
        retire(std::move(restored.second));
        changes_.dropped_validations.push_back(name);
    }
    for (auto& [name, alerts] : restored_targets_)
        retire(std::move(alerts));
    restored_checks_.clear();
    restored_assets_.clear();
    restored_scenarios_.clear();
    restored_validations_.clear();
    restored_targets_.clear();
    lay_out_pages();
    judge_all_again();
}

void Engine::claim_check(const std::shared_ptr<const Check>& check, Time now) {
    auto& unit = checks_[check->name];
    if (!unit) {
        unit = std::make_unique<CheckUnit>(UnitKind::check, check->name, next_order_++);
        CheckMemory memory;
        memory.first_seen = memory.watched_since = now;
        unit->begun_anew = true;
        if (const auto at = restored_checks_.find(check->name); at != restored_checks_.end()) {
            RestoredCheck& restored = at->second;
            unit->alerts = std::move(restored.alerts);
            const bool same = is_same_source(*check, restored.fingerprint);
            unit->restored = same;
            unit->begun_anew = !same;
            // Nobody has looked after now: one of the clocks was wrong, and all is dated anew as after a jump.
            if (const Time seen = restored.memory.last_run.value_or(now); check->looks() && seen > now)
                move_by(restored.memory, now - seen);
            memory = same ? std::move(restored.memory)
                          : changed(*check, restored.fingerprint, unit->alerts, restored.memory, now);
            // A check that is not due yet has missed nothing; one that never runs by itself cannot be late. One that
            // was changed has not looked at all.
            unit->fresh = !check->looks() || (same && restored.due_at && *restored.due_at > now);
            restored_checks_.erase(at);
        }
        replace_memory(*unit, std::move(memory));
    } else if (unit->check && is_same_source(*check, unit->check->fingerprint)) {
        // What was not asked for until now is not late at once.
        const auto target = targets_.find(check->target);
        const bool target_tells = target != targets_.end() && tells_of_silence(target->second->alerts);
        if (check->every < unit->check->every && !target_tells)
            edit_memory(*unit, [&](CheckMemory& memory) { watch_anew(memory, unit->alerts, now); });
    } else if (unit->check) {
        replace_memory(*unit, changed(*check, unit->check->fingerprint, unit->alerts, *unit->memory, now));
        unit->fresh = false;
        unit->begun_anew = true;
    }
    unit->check = check;
    unit->about_recovery = is_about_recovery(*check);
    recount(*unit, nullptr);
    note_change(*unit);
}

void Engine::drop_check(CheckUnit& unit) {
    detach(unit);
    unit.findings.clear();
    unit.silence.reset();
    retire(unit);
    std::erase(changes_.checks, &unit);
    changes_.dropped_checks.push_back(unit.name);
}

void Engine::drop_checks_without_configuration() {
    std::set<std::string_view> wanted;
    for (const auto& check : config_->checks)
        wanted.insert(check->name);
    // Outcomes of an asset stay as long as the asset does; after a restart they come back here.
    for (const auto& [name, unit] : assets_) {
        if (!unit->discovered && !config_->assets.contains(name))
            continue;
        for (const std::string_view kind : kOwnChecks) {
            const std::string own = name + std::string{kind};
            if (checks_.contains(own) || restored_checks_.contains(own)) {
                claim_check(make_own_check(unit->asset, kind, scope_of(*unit)), start_);
                wanted.insert(checks_.find(own)->first);
            }
        }
    }
    std::erase_if(checks_, [&](const auto& entry) {
        if (wanted.contains(entry.first))
            return false;
        drop_check(*entry.second);
        return true;
    });
}

AssetUnit& Engine::claim_asset(const Asset& asset, Time now) {
    auto& unit = assets_[asset.name];
    if (!unit) {
        unit = std::make_unique<AssetUnit>(UnitKind::asset, asset.name, next_order_++);
        unit->first_seen = now;
        if (const auto at = restored_assets_.find(asset.name); at != restored_assets_.end()) {
            unit->first_seen = at->second.first;
            unit->alerts = std::move(at->second.second);
            restored_assets_.erase(at);
        }
        recount(*unit, &unit->verdict);
    }
    unit->asset = asset;
    unit->claimed_under = configured_;
    unit->planned.clear();
    for (const PlannedExercise& planned : config_->exercises)
        if (planned.asset == asset.name)
            unit->planned.push_back(planned);
    note_change(*unit);
    return *unit;
}

void Engine::configure_assets(Time now) {
    for (const auto& [name, asset] : config_->assets)
        claim_asset(asset, now).discovered = false;
}

void Engine::drop_targets_without_checks() {
    std::erase_if(targets_, [&](const auto& entry) {
        TargetUnit& unit = *entry.second;
        if (!unit.members.empty())
            return false;
        retire(unit);
        return true;
    });
}

/// What is gone is judged no more.
void Engine::retire(JudgedUnit& unit) {
    retire(std::move(unit.alerts));
    unit.alerts.clear();
    count(unit, {});
    unplan(unit);
}

/// Keeps alerts of what is gone until they have been resolved and told to everybody.
void Engine::retire(Alerts&& alerts) {
    std::erase_if(alerts, [](const auto& entry) { return entry.second.state == AlertState::pending; });
    if (alerts.empty())
        return;
    for (auto& [labels, alert] : alerts)
        agent_.alerts.insert_or_assign(labels, std::move(alert));
    note_change(agent_);
    mark(agent_);
}

void Engine::lay_out_pages() {
    check_pages_ = {};
    asset_pages_ = {};
    for (auto& [name, unit] : checks_) {
        unit->page = check_pages_.size();
        publish(*unit);
    }
    for (auto& [name, unit] : assets_) {
        unit->page = asset_pages_.size();
        publish(*unit);
    }
}

} // namespace recoverd::core
