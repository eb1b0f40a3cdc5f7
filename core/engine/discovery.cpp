// SPDX-License-Identifier: Apache-2.0
// Assets that are not there from the beginning: made of the subjects that a check sees, kept as long as it may see
// them, forgotten on request.
#include "core/engine/engine.hpp"
#include "core/engine/own_checks.hpp"
#include "core/rules/losses.hpp"

#include <algorithm>

namespace recoverd::core {

namespace {

bool names_subjects(const Check& check) {
    return check.asset.contains("{subject}") || !check.asset_map.empty() || !check.subjects.empty();
}

Asset of_class(const std::string& name, const std::string& asset_class, const Config& config) {
    Asset asset;
    if (const auto found = config.classes.find(asset_class); found != config.classes.end())
        asset = found->second;
    asset.name = name;
    asset.asset_class = asset_class;
    return asset;
}

} // namespace

AssetUnit* Engine::find_or_discover(const std::string& name, const Check& check, Time now) {
    if (name.empty())
        return nullptr;
    const auto at = assets_.find(name);
    const bool promised = config_->where_seen.contains(name);
    const bool known = at != assets_.end() && (config_->assets.contains(name) ||
                                               (at->second->discovered && (!at->second->promised || promised)));
    if (!check.discover && !promised)
        return known ? at->second.get() : nullptr;
    // Each report asks for all that it sees: what is known under this configuration stays as it is.
    if (known && (!at->second->discovered || (at->second->claimed_under == configured_ &&
                                              (promised || at->second->asset.asset_class == check.discover_class))))
        return at->second.get();
    return &discover(name, check, now);
}

AssetUnit& Engine::discover(const std::string& name, const Check& check, Time now) {
    const auto promised = config_->where_seen.find(name);
    const bool is_promised = promised != config_->where_seen.end();
    const bool is_new = !assets_.contains(name);
    AssetUnit& unit = claim_asset(is_promised ? promised->second : of_class(name, check.discover_class, *config_), now);
    unit.discovered = true;
    unit.promised = is_promised;
    if (is_new) {
        unit.page = asset_pages_.size();
        publish(unit);
    }
    return unit;
}

bool Engine::makes_assets(const Check& check) const {
    return check.discover || (!config_->where_seen.empty() && names_subjects(check));
}

const CheckUnit* Engine::still_discovering() const {
    const CheckUnit* found = nullptr;
    for (const auto& [name, unit] : checks_)
        if (!unit->memory->last_success && makes_assets(*unit->check) &&
            (found == nullptr || (unit->check->discover && !found->check->discover)))
            found = unit.get();
    return found;
}

/// Which of the assets that were known before a restart there are is said by a check that was changed meanwhile, once
/// it has looked. Until then all of them are, or what was reported of them would be dropped.
void Engine::adopt_restored_assets(Time now) {
    const CheckUnit* discovering = still_discovering();
    if (discovering == nullptr)
        return;
    std::vector<std::string> names;
    for (const auto& [name, restored] : restored_assets_)
        if (discovering->check->discover || config_->where_seen.contains(name))
            names.push_back(name);
    for (const std::string& name : names)
        discover(name, *discovering->check, now);
}

bool Engine::drop_assets_without_configuration(const std::set<std::string, std::less<>>& forgotten) {
    const bool discovers = still_discovering() != nullptr;
    const auto is_kept = [&](const AssetUnit& unit) {
        return std::ranges::any_of(unit.members, [&](const CheckUnit* member) {
            return !forgotten.contains(unit.name) || !is_own_check(member->name);
        });
    };
    const std::size_t dropped = std::erase_if(assets_, [&](const auto& entry) {
        AssetUnit& unit = *entry.second;
        if (config_->assets.contains(entry.first) || (unit.discovered && (is_kept(unit) || discovers)))
            return false;
        for (const std::string_view kind : kOwnChecks)
            if (const auto own = checks_.find(unit.name + std::string{kind}); own != checks_.end()) {
                drop_check(*own->second);
                checks_.erase(own);
            }
        retire(unit);
        std::erase(changes_.assets, &unit);
        changes_.dropped_assets.push_back(unit.name);
        for (const auto& [name, scenario] : scenarios_)
            if (scenario->ready.erase(unit.name) > 0)
                mark(*scenario);
        return true;
    });
    return dropped > 0;
}

namespace {

bool knows(const CheckMemory& memory, std::string_view subject) {
    return memory.subjects.contains(subject) || memory.seen_before.contains(subject);
}

/// Also how long it was there before the options of its check were changed.
void forget_in(CheckMemory& memory, const Check& check, std::string_view subject) {
    std::erase_if(memory.seen_before, [&](const auto& known) { return known.first == subject; });
    const auto at = memory.subjects.find(subject);
    if (at == memory.subjects.end())
        return;
    memory.subjects.erase(at);
    // What it told is forgotten, not that it did: silence counts from there, and not from the check's beginning.
    if (memory.subjects.empty() && memory.last_success)
        memory.watched_since = std::max(memory.watched_since, *memory.last_success);
    // A look that runs would bring it back, and an incremental scan go on as if it had seen the subject's beginning.
    if (check.looks() && std::ranges::find(memory.forgotten, subject) == memory.forgotten.end())
        memory.forgotten.emplace_back(subject);
}

} // namespace

std::size_t Engine::forget(std::string_view subject, Time now) {
    std::size_t dropped = 0;
    std::set<std::string, std::less<>> left;
    for (auto& [name, unit] : checks_) {
        std::string_view wanted = subject;
        if (wanted.starts_with(name) && wanted.substr(name.size()).starts_with('/'))
            wanted.remove_prefix(name.size() + 1);
        if ((wanted.empty() && subject.empty()) || !knows(*unit->memory, wanted))
            continue;
        const bool told = told_by_canary(*unit->memory).has_value();
        edit_memory(*unit, [&](CheckMemory& memory) { forget_in(memory, *unit->check, wanted); });
        ++dropped;
        if (told && !told_by_canary(*unit->memory))
            for (ScenarioUnit* scenario : unit->canary_of) {
                forget_told(*scenario);
                note_change(*scenario);
            }
        for (AssetUnit* asset : unit->assets) {
            mark(*asset);
            left.insert(asset->name);
        }
        attach(*unit, now);
        note_change(*unit);
        mark(*unit);
    }
    // An asset that was made of what is forgotten goes with it.
    if (dropped > 0 && drop_assets_without_configuration(left))
        lay_out_pages();
    return dropped;
}

} // namespace recoverd::core
