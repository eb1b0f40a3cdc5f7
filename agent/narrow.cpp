// SPDX-License-Identifier: Apache-2.0
#include "agent/narrow.hpp"

#include "agent/asset_parts.hpp"
#include "core/looked_at.hpp"
#include "core/rules/exercises.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace recoverd::agent {

namespace {

using core::Scope;
using core::the_other;

class Narrowing {
  public:
    Narrowing(const core::Config& whole, Scope scope) : whole_(whole), scope_(scope), made_(whole) {
        for (const auto& check : whole.checks) {
            scopes_.emplace(check->name, check->scope);
            cluster_discovers_ = cluster_discovers_ || (check->discover && check->scope == Scope::cluster);
        }
    }

    core::Config narrowed() {
        narrow_assets();
        narrow_exercises();
        narrow_scenarios();
        std::erase_if(made_.validations, [&](const core::Validation& one) { return !runs_in(one, scope_); });
        // What others see is theirs to say.
        for (core::PlannedExercise& planned : made_.exercises)
            std::erase_if(planned.keeps, [&](const std::string& name) { return !decided_here_.contains(name); });
        std::erase_if(made_.checks, [&](const auto& check) { return check->scope != scope_; });
        return std::move(made_);
    }

  private:
    void narrow_assets() {
        std::map<std::string_view, Scope> restore_tests;
        for (const core::PlannedExercise& planned : whole_.exercises)
            if (planned.told_in && core::is_restore_test(planned.name))
                restore_tests.emplace(planned.asset, *planned.told_in);
        const core::LookedAt looked_at{whole_};
        made_.assets.clear();
        for (const auto& [name, asset] : whole_.assets) {
            const auto told = restore_tests.find(name);
            const AssetParts parts{looked_at.at(name),
                                   told == restore_tests.end() ? std::nullopt : std::optional{told->second}};
            for (const Scope scope : {Scope::node, Scope::cluster})
                if (parts.tells_readiness(asset, scope))
                    ready_in(scope).insert(name);
            if (parts.has(scope_))
                (parts.is_certain(scope_) ? made_.assets : made_.where_seen).emplace(name, parts.part(asset, scope_));
        }
    }

    /// nullptr for one that agents of this scope never have.
    const core::Asset* find_asset(const std::string& name) const {
        for (const auto* assets : {&made_.assets, &made_.where_seen})
            if (const auto at = assets->find(name); at != assets->end())
                return &at->second;
        return nullptr;
    }

    void narrow_exercises() {
        std::erase_if(made_.exercises, [&](const auto& planned) { return find_asset(planned.asset) == nullptr; });
        // A run that is reported all the same is judged, and nobody waits for it.
        for (core::PlannedExercise& planned : made_.exercises)
            if (!is_due_here(planned))
                planned.cadence = core::Duration{0};
    }

    bool is_due_here(const core::PlannedExercise& planned) const {
        const core::Asset& asset = *find_asset(planned.asset);
        if (asset.elsewhere.empty())
            return true;
        if (planned.told_in)
            return *planned.told_in == scope_;
        // A validation proves where it runs.
        for (const core::Validation& one : whole_.validations)
            for (const Scope scope : {scope_, the_other(scope_)})
                if (one.name == planned.name && one.asset == planned.asset && runs_in(one, scope))
                    return scope == scope_;
        return !asset.is_elsewhere(core::EvidenceKind::exercise);
    }

    /// Of one that only others decide it may be asked here whether one could recover from it.
    void narrow_scenarios() {
        std::erase_if(made_.scenarios, [&](const core::Scenario& scenario) {
            return !is_seen(scenario) && !is_asked(scenario, scope_);
        });
        for (core::Scenario& scenario : made_.scenarios) {
            if (is_seen(scenario)) {
                decided_here_.insert(scenario.name);
                continue;
            }
            scenario.checks = scenario.assets = scenario.subjects = {};
            scenario.labels = {};
            scenario.location = {};
        }
    }

    bool runs_in(const core::Validation& validation, Scope scope) const {
        return std::ranges::all_of(validation.steps, [&](const core::ValidationStep& step) {
            const auto at = scopes_.find(step.check);
            return at != scopes_.end() && at->second == scope;
        });
    }

    /// Is something that decides the scenario, or whoever tells of an asset that it asks for, within the scope? What
    /// nobody sees is left to the cluster.
    bool is_seen(const core::Scenario& scenario) const {
        if (!scenario.is_decided())
            return is_asked(scenario, scope_) ||
                   (scope_ == Scope::cluster && (cluster_discovers_ || !is_asked(scenario, Scope::node)));
        bool anywhere = false;
        for (const auto& check : whole_.checks) {
            if (!core::decides(scenario, *check))
                continue;
            if (check->scope == scope_)
                return true;
            anywhere = true;
        }
        return !anywhere && scope_ == Scope::cluster;
    }

    bool is_asked(const core::Scenario& scenario, Scope scope) const {
        return std::ranges::any_of(ready_in_[static_cast<std::size_t>(scope)],
                                   [&](std::string_view asset) { return core::recovers(scenario, asset); });
    }
    std::set<std::string_view>& ready_in(Scope scope) { return ready_in_[static_cast<std::size_t>(scope)]; }

    const core::Config& whole_;
    Scope scope_;
    core::Config made_;
    /// Of each check.
    std::map<std::string_view, Scope> scopes_;
    bool cluster_discovers_ = false;
    /// Scenarios, by name.
    std::set<std::string> decided_here_;
    /// Assets of which agents of each scope tell whether they could be recovered.
    std::array<std::set<std::string_view>, core::Names<Scope>::values.size()> ready_in_;
};

} // namespace

core::Config narrowed(const core::Config& whole, core::Scope scope) { return Narrowing{whole, scope}.narrowed(); }

} // namespace recoverd::agent
