// SPDX-License-Identifier: Apache-2.0
#include "core/rules/points.hpp"

#include <algorithm>
#include <array>
#include <ranges>
#include <unordered_map>
#include <utility>

namespace recoverd::core {

namespace {

/// 0 for a full, more for each that needs it; nothing for a type that stands for itself.
std::optional<std::size_t> rank_of(std::string_view type) {
    constexpr std::array<std::array<std::string_view, 2>, 3> kFromWhole{
        {{"full", "full"}, {"diff", "differential"}, {"incr", "incremental"}}};
    const auto found =
        std::ranges::find_if(kFromWhole, [&](const auto& words) { return words[0] == type || words[1] == type; });
    return found == kFromWhole.end() ? std::nullopt
                                     : std::optional{static_cast<std::size_t>(found - kFromWhole.begin())};
}

} // namespace

bool usable(const RecoveryPoints& points, const RecoveryPoint& point) {
    if (point.state != PointState::good || point.needs.empty())
        return point.state == PointState::good;
    std::unordered_map<std::string_view, const RecoveryPoint*> unvisited;
    for (const RecoveryPoint& other : points.points)
        unvisited.emplace(other.id, &other);
    std::vector<const RecoveryPoint*> chain{&point};
    while (!chain.empty()) {
        const RecoveryPoint& link = *chain.back();
        chain.pop_back();
        for (const std::string& id : link.needs) {
            const auto needed = unvisited.find(id);
            // What was left out of a capped list is neither proven nor disproven; what is missing from a whole one is
            // gone.
            if (needed == unvisited.end()) {
                if (points.count > points.points.size())
                    continue;
                return false;
            }
            if (needed->second == nullptr)
                continue;
            if (needed->second->state != PointState::good)
                return false;
            chain.push_back(std::exchange(needed->second, nullptr));
        }
    }
    return true;
}

bool is_of_changes(std::string_view type) { return rank_of(type).value_or(0) > 0; }

bool serves_as(std::string_view has, std::string_view wanted) {
    if (wanted.empty() || has == wanted)
        return true;
    const auto rank = rank_of(has);
    return rank && rank <= rank_of(wanted);
}

const RecoveryPoint* newest_usable(const RecoveryPoints& points, Time looked_at, std::string_view backup_type) {
    const RecoveryPoint* newest = nullptr;
    for (const RecoveryPoint& point : points.points | std::views::reverse)
        if ((newest == nullptr || point.data_at > newest->data_at) && point.data_at <= looked_at + kClockTolerance &&
            serves_as(point.backup_type, backup_type) && usable(points, point))
            newest = &point;
    return newest;
}

std::optional<Time> newest_good_now(const SubjectMemory& seen) {
    std::optional<Time> newest;
    if (seen.vanished_since)
        return newest;
    for (const Evidence& evidence : *seen.evidence)
        if (const auto* points = std::get_if<RecoveryPoints>(&evidence))
            if (const RecoveryPoint* point = newest_usable(*points, seen.learned_of(kind_of(evidence)));
                point != nullptr)
                newest = std::max(newest, std::optional(point->data_at));
    return newest;
}

} // namespace recoverd::core
