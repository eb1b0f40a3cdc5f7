// SPDX-License-Identifier: Apache-2.0
// What was named and is not listed. It is gone, or nobody gave us the right to describe it: a list does not tell which.
// Asked for its settings no topic is made, as it might be when metadata are asked for it by name.
#include "worker/kafka/interpret.hpp"

#include <algorithm>

namespace recoverd::worker::kafka {

namespace {

constexpr const char* kHidden = "it is there and not shown\nhint: topics are shown to whom an ACL allows DESCRIBE";

} // namespace

std::vector<Topic> unlisted_topics(const Options& options, const Answer& answer) {
    std::vector<Topic> unlisted;
    for (const std::string& name : options.topics)
        if (is_name(name) && !answer.topic(name))
            unlisted.push_back({.name = name});
    return unlisted;
}

std::vector<Group> unlisted_groups(const Options& options, const Answer& answer) {
    std::vector<Group> unlisted;
    for (const std::string& name : options.groups)
        if (is_name(name) && std::ranges::find(answer.groups, name, &Group::id) == answer.groups.end())
            unlisted.push_back({.id = name, .listed = false});
    return unlisted;
}

void keep_hidden(std::vector<Topic> asked, Answer& answer) {
    for (Topic& topic : asked) {
        if (topic.absent)
            continue;
        topic.failure =
            topic.configs ? core::Failure{core::FailureKind::refused, kHidden} : std::move(topic.configs.error());
        answer.topics.push_back(std::move(topic));
    }
}

} // namespace recoverd::worker::kafka
