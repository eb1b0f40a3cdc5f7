// SPDX-License-Identifier: Apache-2.0
#include "collectors/patroni/documents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace recoverd::collectors::patroni_parts {

namespace {

constexpr std::size_t kMaxMembers = 200;

using Version = std::array<unsigned, 3>;
constexpr Version kTellsStreaming{3, 0, 4};

/// Its leading numbers; 0 for those that are not there.
Version read_version(std::string_view text) {
    Version version{};
    for (unsigned& number : version) {
        const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc{})
            break;
        text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
        if (!text.starts_with('.'))
            break;
        text.remove_prefix(1);
    }
    return version;
}

// `master` until 4.0.
bool is_leader(std::string_view role) {
    return role == "leader" || role == "standby_leader" || role == "master" || role == "primary";
}

/// Tags are the administrator's own YAML: a text that says yes means yes.
bool is_set(const io::Json& tag) {
    if (tag.is_text())
        return tag.text() == "true" || tag.text() == "True" || tag.text() == "yes" || tag.text() == "on";
    if (tag.is_number())
        return tag.number() != 0;
    return tag && tag.boolean();
}

Member read_member(const io::Json& json) {
    Member member;
    member.name = json["name"].text();
    // It comes to stand in labels and in one line of text.
    if (member.name.empty() || std::ranges::any_of(member.name, [](unsigned char c) { return c < 0x20; }))
        json["name"].bad("a name");
    member.leads = is_leader(json["role"].text());
    member.replays = json["role"].text() == "standby_leader";
    member.state = json["state"].text();
    if (const io::Json& timeline = json["timeline"]; timeline && !timeline.is_text())
        member.timeline = timeline.natural();
    // "unknown" while the member has not said where it stands.
    if (const io::Json& lag = json["lag"]; lag && !lag.is_text())
        member.lag = lag.natural();
    // Since 4.1. What is received and not replayed is no lag to the other one.
    if (const io::Json& lag = json["replay_lag"]; member.lag && lag && !lag.is_text())
        member.lag = std::max(*member.lag, lag.natural());
    const io::Json& tags = json["tags"];
    const io::Json& priority = tags["failover_priority"];
    member.may_take_over = !is_set(tags["nofailover"]) && !(priority.is_number() && priority.number() <= 0);
    return member;
}

std::vector<Member> read_members(const io::Json& cluster) {
    std::vector<Member> members;
    for (const io::Json& json : cluster["members"].items()) {
        Member member = read_member(json);
        if (std::ranges::find(members, member.name, &Member::name) != members.end())
            throw io::BadDocument(
                fmt::format("{}: expected each member once, found {} again", json.path(), member.name));
        if (members.size() == kMaxMembers)
            throw io::BadDocument(fmt::format("{}: expected at most {} members, found more", json.path(), kMaxMembers));
        members.push_back(std::move(member));
    }
    return members;
}

Node read_node(const io::Json& json) {
    Node node;
    // Both name a role: a leader that is stopping leads nobody any more.
    node.leads = is_leader(json["role"].text()) && json["state"].text() == "running";
    // Whoever answers in such words and is not Patroni does not name itself.
    (void)json["patroni"].object();
    if (const io::Json& version = json["patroni"]["version"])
        node.tells_streaming = read_version(version.text()) >= kTellsStreaming;
    node.unlocked = is_set(json["cluster_unlocked"]);
    if (const io::Json& seen = json["dcs_last_seen"])
        node.dcs_seen = seen.unix_time();
    if (const io::Json& id = json["database_system_identifier"])
        node.system_id = id.text();
    const io::Json& xlog = json["xlog"];
    for (const char* key : {"location", "received_location", "replayed_location"})
        if (!node.position && xlog[key])
            node.position = xlog[key].natural();
    return node;
}

} // namespace

bool Cluster::tells_streaming() const { return !nodes.empty() && std::ranges::all_of(nodes, &Node::tells_streaming); }

const Member* Cluster::leader() const {
    const auto found = std::ranges::find(members, true, &Member::leads);
    return found == members.end() ? nullptr : &*found;
}

const Node* Cluster::leading_node() const {
    const auto found = std::ranges::find(nodes, true, &Node::leads);
    return found == nodes.end() ? nullptr : &*found;
}

const Member* Cluster::find(std::string_view name) const {
    const auto found = std::ranges::find(members, name, &Member::name);
    return found == members.end() ? nullptr : &*found;
}

Cluster read_cluster(const PatroniAnswers& answers) {
    Cluster cluster;
    for (const io::Json& json : answers.nodes)
        cluster.nodes.push_back(read_node(json));
    if (answers.cluster) {
        cluster.members = read_members(*answers.cluster);
        cluster.paused = is_set((*answers.cluster)["pause"]);
        // A cluster that nobody belongs to is one that was never made, or a document that is none.
        if (cluster.members.empty())
            throw io::BadDocument((*answers.cluster)["members"].path() + ": expected members, found none");
    }
    return cluster;
}

} // namespace recoverd::collectors::patroni_parts
