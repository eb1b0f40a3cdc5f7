// SPDX-License-Identifier: Apache-2.0
// What a sentinel says of the masters it watches: whether they are there, who follows them, and whether there are
// enough sentinels to fail over.
#include "collectors/valkey/parts.hpp"
#include "io/connection.hpp"
#include "io/json.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace recoverd::collectors::vk {

namespace {

using core::Follower;
using core::FollowerState;

/// Rows of its INFO, each master once: name=mymaster,status=ok,address=127.0.0.1:6379,slaves=2,sentinels=3
std::vector<Parts> read_masters(const Info& info) {
    std::vector<Parts> masters;
    std::set<std::string, std::less<>> names;
    for (const std::string& row : info.numbered("master")) {
        Parts parts = read_parts(row);
        if (!parts.contains("name") || !parts.contains("status"))
            throw io::BadDocument("INFO of a sentinel: expected name and status of each master, found none");
        parts["name"] = io::printable(parts["name"]);
        if (names.insert(parts["name"]).second)
            masters.push_back(std::move(parts));
    }
    return masters;
}

/// Names and values, one after the other.
Parts read_pairs(const io::RespValue& list) {
    Parts pairs;
    for (std::size_t i = 0; i + 1 < list.items.size(); i += 2)
        pairs.emplace(list.items[i].text, list.items[i + 1].text);
    return pairs;
}

Follower read_replica(const Parts& replica) {
    const auto part = [&](std::string_view name) {
        const auto found = replica.find(name);
        return found == replica.end() ? std::string{} : found->second;
    };
    Follower follower{.name = io::printable(part("name"))};
    const std::string flags = part("flags");
    if (flags.contains("s_down") || flags.contains("o_down") || flags.contains("disconnected"))
        follower.state = FollowerState::missing;
    else
        follower.state = part("master-link-status") == "ok" ? FollowerState::streaming : FollowerState::catching_up;
    return follower;
}

std::vector<Follower> read_replicas(const io::RespValue& reply) {
    if (reply.kind != io::RespValue::Kind::list)
        throw io::BadDocument("SENTINEL REPLICAS: expected a list, found something else");
    std::vector<Follower> followers;
    for (const io::RespValue& replica : reply.items) {
        Follower follower = read_replica(read_pairs(replica));
        if (std::ranges::find(followers, follower.name, &Follower::name) == followers.end())
            followers.push_back(std::move(follower));
    }
    return followers;
}

/// "OK 3 usable Sentinels. …" or an error of that code.
core::Assertion read_quorum(const io::RespValue& reply) {
    core::Assertion quorum{.name = "quorum", .expected = "reachable"};
    quorum.detail = io::printable(std::string_view{reply.text}.substr(0, 300));
    if (reply.kind == io::RespValue::Kind::text && reply.text.starts_with("OK"))
        quorum.actual = "reachable";
    else if (reply.is_error() && reply.text.starts_with("NOQUORUM"))
        quorum.actual = "out of reach";
    return quorum;
}

core::SubjectReport read_master(const Parts& master, const io::RespValue& quorum, const io::RespValue& replicas) {
    core::SubjectReport report{.subject = master.find("name")->second};
    core::Assertions assertions;
    assertions.assertions.push_back(
        {.name = "status", .expected = "ok", .actual = io::printable(master.find("status")->second)});
    assertions.assertions.push_back(read_quorum(quorum));
    report.evidence.emplace_back(std::move(assertions));
    for (const io::RespValue* reply : {&quorum, &replicas})
        if (reply->is_error() && !reply->text.starts_with("NOQUORUM") && !report.failure)
            report.failure = refusal(reply->text);
    if (!replicas.is_error())
        report.evidence.emplace_back(core::Replication{.role = "sentinel", .followers = read_replicas(replicas)});
    return report;
}

} // namespace

std::vector<io::RespCommand> sentinel_commands(const Info& info) {
    std::vector<io::RespCommand> commands;
    for (const Parts& master : read_masters(info)) {
        const std::string& name = master.find("name")->second;
        commands.push_back({"SENTINEL", "CKQUORUM", name});
        // As they were called before 5.0, and in all later versions too.
        commands.push_back({"SENTINEL", "SLAVES", name});
    }
    return commands;
}

core::Seen interpret_sentinel(const ValkeyExpected& expected, const Info& info,
                              const std::vector<io::RespValue>& replies) {
    const std::vector<Parts> masters = read_masters(info);
    if (masters.empty())
        throw io::BadDocument("INFO of a sentinel: expected a master that it watches, found none");
    core::Seen seen;
    for (std::size_t i = 0; i < masters.size(); ++i)
        seen.subjects.push_back(read_master(masters[i], replies.at(2 * i), replies.at(2 * i + 1)));
    for (core::SubjectReport& report : seen.subjects)
        for (core::Evidence& evidence : report.evidence)
            if (auto* replication = std::get_if<core::Replication>(&evidence))
                // Of several masters nobody knows whose it should be.
                expect_followers(expected.replicas, masters.size() == 1, replication->followers);
    return seen;
}

} // namespace recoverd::collectors::vk
