// SPDX-License-Identifier: Apache-2.0
// What was committed is asked for before where the log begins, and whoever deletes what was read, as Kafka Streams does
// in its repartition topics, may do so in between. Whether a group was overtaken by retention a second look tells.
#include "worker/kafka/interpret.hpp"

#include <algorithm>

namespace recoverd::worker::kafka {

namespace {

/// The log, where it begins behind what was committed.
const Range* overtaking(const Answer& answer, const Committed& committed) {
    const auto found = answer.ranges.find({committed.topic, committed.partition});
    if (!committed.offset || found == answer.ranges.end() || !found->second)
        return nullptr;
    const Range& range = *found->second;
    return *committed.offset < range.start ? &range : nullptr;
}

} // namespace

std::vector<Group> overtaken(const Answer& answer) {
    std::vector<Group> groups;
    for (const Group& group : answer.groups) {
        const auto is_overtaken = [&](const Committed& committed) { return overtaking(answer, committed) != nullptr; };
        if (std::ranges::any_of(group.committed, is_overtaken))
            groups.push_back({.id = group.id});
    }
    return groups;
}

void take_newer(const std::vector<Group>& again, Answer& answer) {
    for (Group& group : answer.groups) {
        const auto newer = std::ranges::find(again, group.id, &Group::id);
        if (newer == again.end() || newer->failure)
            continue;
        for (Committed& committed : group.committed) {
            const Range* range = overtaking(answer, committed);
            const auto now = std::ranges::find_if(newer->committed, [&](const Committed& one) {
                return one.topic == committed.topic && one.partition == committed.partition;
            });
            // The end was asked for before: what was read behind it is not beyond the log.
            if (range != nullptr && now != newer->committed.end() && now->offset)
                committed.offset = std::min(*now->offset, range->end);
        }
    }
}

} // namespace recoverd::worker::kafka
