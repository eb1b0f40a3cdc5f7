// SPDX-License-Identifier: Apache-2.0
// To which assets and which target a check belongs, as far as it has seen its subjects.
#include "core/engine/engine.hpp"
#include "core/engine/unseen.hpp"

namespace recoverd::core {

void Engine::attach(CheckUnit& unit, Time now) {
    unit.subject_assets.clear();
    std::set<AssetUnit*> assets;
    const auto belongs = [&](std::string_view subject) {
        AssetUnit* asset = find_or_discover(asset_of(*unit.check, subject), *unit.check, now);
        if (asset)
            assets.insert(asset);
        return asset;
    };
    for (const auto& [subject, seen] : unit.memory->subjects) {
        const AssetUnit* asset = belongs(subject);
        unit.subject_assets.push_back(asset ? asset->name : std::string{});
    }
    list_seen(unit);
    // Before its first run a check belongs to the asset it names, and under other options to what it saw before.
    if (unit.memory->subjects.empty()) {
        belongs({});
        if (!unit.memory->last_success)
            for (const auto& [subject, known] : unit.memory->seen_before)
                belongs(subject);
    }
    if (assets != unit.assets) {
        // A check of mere reachability has none judged that it sees to be well, and comes to see them one by one.
        for (AssetUnit* left : unit.assets)
            if (!assets.contains(left)) {
                left->members.erase(&unit);
                mark(*left);
            }
        for (AssetUnit* joined : assets)
            if (joined->members.insert(&unit).second)
                mark(*joined);
        unit.assets = std::move(assets);
    }
    attach_target(unit);
}

/// What it points to goes with the memory that it points into.
void Engine::list_seen(CheckUnit& unit) const {
    unit.seen_of.clear();
    const CheckMemory::Subjects& subjects = unit.memory->subjects;
    // Subjects came or went, and whose they are is found out after this.
    if (unit.subject_assets.size() != subjects.size())
        return;
    auto name = unit.subject_assets.begin();
    for (const auto& entry : subjects)
        if (const auto asset = assets_.find(*name++); asset != assets_.end())
            unit.seen_of[asset->second.get()].push_back(&entry);
    // Of one asset it is all that is seen. There may be thousands of such checks.
    if (unit.seen_of.size() == 1 && unit.seen_of.begin()->second.size() == subjects.size())
        unit.seen_of.clear();
}

void Engine::replace_memory(CheckUnit& unit, CheckMemory memory) const {
    unit.memory = std::make_shared<const CheckMemory>(std::move(memory));
    if (!unit.seen_of.empty())
        list_seen(unit);
}

void Engine::attach_target(CheckUnit& unit) {
    if (unit.target || unit.check->target.empty())
        return;
    auto& target = targets_[unit.check->target];
    if (!target) {
        target = std::make_unique<TargetUnit>(UnitKind::target, unit.check->target, next_order_++);
        if (const auto at = restored_targets_.find(unit.check->target); at != restored_targets_.end()) {
            target->alerts = std::move(at->second);
            restored_targets_.erase(at);
            recount(*target, nullptr);
        }
    }
    if ((!unit.fresh || unit.restored) && tells_of_silence(target->alerts))
        edit_memory(unit, [](CheckMemory& memory) { memory.watched_since = memory.first_seen; });
    target->members.insert(&unit);
    unit.target = target.get();
}

void Engine::detach(CheckUnit& unit) {
    for (AssetUnit* asset : unit.assets)
        asset->members.erase(&unit);
    unit.assets.clear();
    unit.seen_of.clear();
    if (unit.target)
        unit.target->members.erase(&unit);
    unit.target = nullptr;
}

} // namespace recoverd::core
