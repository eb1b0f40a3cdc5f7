// SPDX-License-Identifier: Apache-2.0
#include "worker/kafka/answer.hpp"

#include <algorithm>

namespace recoverd::worker::kafka {

const Broker* Answer::broker(std::int32_t id) const {
    const auto found = std::ranges::find(brokers, id, &Broker::id);
    return found == brokers.end() ? nullptr : &*found;
}

const Topic* Answer::topic(std::string_view name) const {
    const auto found = std::ranges::find(topics, name, &Topic::name);
    return found == topics.end() ? nullptr : &*found;
}

bool Answer::answers(std::int32_t broker_id) const {
    const Broker* found = broker(broker_id);
    return found && !found->failure;
}

} // namespace recoverd::worker::kafka
