// SPDX-License-Identifier: Apache-2.0
// A cluster's answer, as the client hands it on: {"options": what the job is asked, "controller", "brokers", "topics",
// "groups", "ranges"}. The bytes of Kafka's protocol are librdkafka's to read.
#include "tests/fuzz/fuzz.hpp"
#include "worker/kafka/interpret.hpp"

#include <algorithm>
#include <iterator>

namespace recoverd::fuzz {

using namespace worker::kafka;

namespace {

constexpr core::FailureKind kLate = core::FailureKind::timed_out;

std::int32_t id_of(const io::Json& json) { return static_cast<std::int32_t>(json.integer()); }

std::vector<std::int32_t> ids_of(const io::Json& json) {
    std::vector<std::int32_t> ids;
    for (const io::Json& item : json.items())
        ids.push_back(id_of(item));
    return ids;
}

std::optional<core::Failure> late(const io::Json& json) {
    return json ? std::optional{core::Failure{kLate, "late"}} : std::nullopt;
}

Topic topic_of(const io::Json& json) {
    Topic topic{.name = json["name"].text()};
    topic.failure = late(json["late"]);
    for (const io::Json& part : json["partitions"].items())
        topic.partitions.push_back(
            {id_of(part["id"]), id_of(part["leader"]), ids_of(part["replicas"]), ids_of(part["isr"])});
    if (const io::Json& configs = json["configs"]) {
        topic.configs = Configs{};
        for (const auto& [name, value] : configs.object())
            topic.configs->emplace(name, value.text());
    }
    return topic;
}

Group group_of(const io::Json& json) {
    Group group{.id = json["id"].text(), .state = static_cast<GroupState>(json["state"].natural() % 6)};
    group.failure = late(json["late"]);
    for (const io::Json& item : json["committed"].items()) {
        Committed committed{.topic = item["topic"].text(), .partition = id_of(item["partition"])};
        if (const io::Json& offset = item["offset"]; offset && offset.integer() >= 0)
            committed.offset = offset.integer();
        committed.failure = late(item["late"]);
        group.committed.push_back(std::move(committed));
    }
    return group;
}

Answer answer_of(const io::Json& json) {
    Answer answer;
    answer.cluster_id = json["cluster_id"].text();
    answer.controller = id_of(json["controller"]);
    for (const io::Json& broker : json["brokers"].items())
        answer.brokers.push_back({id_of(broker["id"]), "kafka:9092", late(broker["late"])});
    for (const io::Json& topic : json["topics"].items())
        answer.topics.push_back(topic_of(topic));
    for (const io::Json& group : json["groups"].items())
        answer.groups.push_back(group_of(group));
    answer.groups_failure = late(json["groups_late"]);
    for (const io::Json& range : json["ranges"].items())
        answer.ranges.emplace(TopicPartition{range["topic"].text(), id_of(range["partition"])},
                              Range{range["start"].integer(), range["end"].integer()});
    return answer;
}

} // namespace

void fuzz(std::string_view bytes) {
    read_cursor(bytes);
    try {
        const io::Json json = io::Json::parse(bytes);
        Options options = read_options(json["options"]);
        Answer answer = answer_of(json);
        keep_hidden(unlisted_topics(options, answer), answer);
        std::ranges::move(unlisted_groups(options, answer), std::back_inserter(answer.groups));
        const core::Seen seen = interpret(options, answer);
        must_be_sound(seen);
        must(write_cursor(read_cursor(seen.cursor)) == seen.cursor, "what is remembered is read again", seen.cursor);
        options.cursor = seen.cursor;
        must_be_sound(interpret(options, answer));
        partitions_to_ask(options, answer);
    } catch (const io::BadDocument&) {
    }
}

} // namespace recoverd::fuzz
