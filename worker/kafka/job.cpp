// SPDX-License-Identifier: Apache-2.0
// The kafka job: asks, then says what it means.
#include "io/json.hpp"
#include "worker/all.hpp"
#include "worker/kafka/client.hpp"
#include "worker/kafka/interpret.hpp"

#include <algorithm>
#include <iterator>

namespace recoverd::worker::kafka {

namespace {

void ask_groups(Client& client, const Options& options, Answer& answer) {
    answer.groups_failure = client.groups(answer.groups);
    std::erase_if(answer.groups, [&](const Group& group) { return !options.watches_group(group.id); });
    if (!answer.groups_failure)
        std::ranges::move(unlisted_groups(options, answer), std::back_inserter(answer.groups));
    // What is committed first: what is written meanwhile then counts as not read, instead of as read before it was
    // there.
    client.committed(answer.groups);
    answer.ranges = client.ranges(partitions_to_ask(options, answer));
    if (std::vector<Group> again = overtaken(answer); !again.empty()) {
        client.committed(again);
        take_newer(again, answer);
    }
}

core::Result<Answer> ask(Client& client, const Options& options) {
    auto answer = client.metadata();
    if (!answer)
        return answer;
    client.knock(answer->brokers);
    std::vector<Topic> unlisted = unlisted_topics(options, *answer);
    std::vector<Topic*> topics;
    for (Topic& topic : answer->topics)
        if (options.watches_topic(topic.name) && !topic.failure)
            topics.push_back(&topic);
    for (Topic& topic : unlisted)
        topics.push_back(&topic);
    client.configs(std::move(topics));
    keep_hidden(std::move(unlisted), *answer);
    if (!options.groups.empty())
        ask_groups(client, options, *answer);
    return answer;
}

} // namespace

core::Result<core::Seen> run(std::string_view input) {
    const Options options = read_options(io::Json::parse(input));
    auto client = Client::open(options);
    if (!client)
        return std::unexpected(client.error());
    const auto answer = ask(*client, options);
    client->abandon();
    if (!answer)
        return std::unexpected(answer.error());
    return interpret(options, *answer);
}

} // namespace recoverd::worker::kafka
