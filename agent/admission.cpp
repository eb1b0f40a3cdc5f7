// SPDX-License-Identifier: Apache-2.0
#include "agent/admission.hpp"

#include <algorithm>

namespace recoverd::agent {

bool Admission::has_room(const Lane& lane, std::size_t limit, bool slow) const {
    const std::size_t for_slow = std::max<std::size_t>(1, limit / 2);
    return lane.running < limit && (!slow || lane.slow < for_slow);
}

bool Admission::enter(const std::string& name, collectors::Resource resource, bool slow) {
    Lane& at = lane(resource);
    if (!has_room(at, limits_[static_cast<std::size_t>(resource)], slow)) {
        at.waiting.push_back({name, slow});
        return false;
    }
    ++at.running;
    at.slow += slow ? 1 : 0;
    return true;
}

std::optional<std::string> Admission::leave(collectors::Resource resource, bool slow) {
    Lane& at = lane(resource);
    --at.running;
    at.slow -= slow ? 1 : 0;
    const std::size_t limit = limits_[static_cast<std::size_t>(resource)];
    const auto next = std::ranges::find_if(at.waiting, [&](const Waiting& w) { return has_room(at, limit, w.slow); });
    if (next == at.waiting.end())
        return std::nullopt;
    Waiting chosen = std::move(*next);
    at.waiting.erase(next);
    ++at.running;
    at.slow += chosen.slow ? 1 : 0;
    return std::move(chosen.name);
}

void Admission::withdraw(std::string_view name) {
    for (Lane& at : lanes_)
        std::erase_if(at.waiting, [&](const Waiting& w) { return w.name == name; });
}

std::size_t Admission::waiting() const {
    std::size_t sum = 0;
    for (const Lane& at : lanes_)
        sum += at.waiting.size();
    return sum;
}

} // namespace recoverd::agent
