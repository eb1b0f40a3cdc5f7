// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes/nodes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace recoverd::collectors::kubernetes_parts {

namespace {

/// A kubelet writes its node's status every 5 minutes when nothing changes. That a node of a silent kubelet becomes
/// Unknown is the node controller's doing, which may be what is down: then one node falls behind the others.
constexpr Duration kSilent = std::chrono::minutes{15};

std::string label(const io::Json& labels, std::initializer_list<std::string_view> names) {
    for (const auto name : names)
        if (labels[name])
            return clean(labels[name].text(), 253);
    return {};
}

std::string role_of(const io::Json& labels) {
    constexpr std::string_view kRole = "node-role.kubernetes.io/";
    if (!labels)
        return {};
    for (const auto& [name, value] : labels.object())
        if (name.starts_with(kRole) && name.size() > kRole.size())
            return clean(name.substr(kRole.size()), 63);
    return {};
}

void same_or_none(std::string& kept, const std::string& other) {
    if (kept != other)
        kept.clear();
}

/// The middle one, so that a node whose clock is wrong makes no others late; of two the older.
std::optional<Time> usual_heartbeat(const std::map<std::string, Node>& nodes) {
    std::vector<Time> all;
    for (const auto& [name, node] : nodes)
        if (node.heartbeat)
            all.push_back(*node.heartbeat);
    if (all.empty())
        return std::nullopt;
    const auto middle = all.begin() + static_cast<std::ptrdiff_t>((all.size() - 1) / 2);
    std::ranges::nth_element(all, middle);
    return *middle;
}

SubjectReport report_of(const std::string& name, const Node& node, std::optional<Time> usual) {
    SubjectReport report{.subject = "node/" + name, .location = node.location, .evidence = {}, .failure = {}};
    // Whoever scales a cluster, or renews its nodes, takes them away; what is lost by that its workloads tell.
    report.passing = true;
    if (node.ready.empty()) {
        report.failure = Failure{FailureKind::bad_answer, "expected the condition Ready, found none"};
        return report;
    }
    core::Reachability reach;
    const bool silent = node.heartbeat && usual && *usual - *node.heartbeat > kSilent;
    if (node.ready != "True") {
        reach.state = core::ReachState::down;
        reach.detail = fmt::format("Ready is {}{}{}", clean(node.ready, 20), node.why.empty() ? "" : ": ", node.why);
    } else if (silent) {
        reach.state = core::ReachState::down;
        reach.detail =
            fmt::format("its kubelet has said nothing for {} minutes, and nobody noticed: Ready is True still",
                        std::chrono::duration_cast<std::chrono::minutes>(*usual - *node.heartbeat).count());
    } else if (!node.pressure.empty()) {
        reach.state = core::ReachState::degraded;
        reach.detail = node.pressure;
    }
    report.evidence.emplace_back(std::move(reach));
    return report;
}

} // namespace

void AllNodes::read(const io::Json& json) {
    const io::Json& metadata = json["metadata"];
    Node node;
    const std::string name = clean(metadata["name"].text(), 253);
    const io::Json& labels = metadata["labels"];
    node.location = {name, label(labels, {"topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"}),
                     label(labels, {"topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"}),
                     role_of(labels)};
    const io::Json& conditions = json["status"]["conditions"];
    const io::Json& ready = condition(conditions, "Ready");
    node.ready = text_or(ready["status"]);
    node.why = why(ready);
    node.heartbeat = time_or_none(ready["lastHeartbeatTime"]);
    for (const char* type : {"MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"})
        if (const io::Json& one = condition(conditions, type); text_or(one["status"]) == "True")
            node.pressure += fmt::format("{}{}: {}", node.pressure.empty() ? "" : "; ", type, why(one));
    nodes[name] = std::move(node);
}

void AllNodes::report(std::vector<SubjectReport>& out) const {
    const std::optional<Time> usual = usual_heartbeat(nodes);
    for (const auto& [name, node] : nodes)
        out.push_back(report_of(name, node, usual));
}

core::Location AllNodes::common(const std::set<std::string>& names) const {
    core::Location where;
    bool first = true;
    for (const std::string& name : names) {
        core::Location stands;
        if (const auto found = nodes.find(name); found != nodes.end())
            stands = found->second.location;
        stands.node = name;
        // The role is the node's, not of what runs there.
        stands.role.clear();
        if (first)
            where = stands;
        first = false;
        same_or_none(where.node, stands.node);
        same_or_none(where.zone, stands.zone);
        same_or_none(where.region, stands.region);
    }
    return where;
}

} // namespace recoverd::collectors::kubernetes_parts
