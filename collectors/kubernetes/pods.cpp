// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes/pods.hpp"

#include "core/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace recoverd::collectors::kubernetes_parts {

namespace {

constexpr std::array<std::string_view, 2> kStarting{"ContainerCreating", "PodInitializing"};
constexpr std::array<std::string_view, 3> kStatuses{"initContainerStatuses", "containerStatuses",
                                                    "ephemeralContainerStatuses"};
/// Reasons are words of a fixed list; whoever invents others fills no memory.
constexpr std::size_t kMaxTroubles = 16;

/// "web-7d4b9" without "-7d4b9" when that is the hash of the pod's template.
std::optional<std::string> without_hash(const std::string& name, const io::Json& hash) {
    const std::string tail = "-" + text_or(hash);
    if (tail.size() < 2 || name.size() <= tail.size() || !name.ends_with(tail))
        return std::nullopt;
    return name.substr(0, name.size() - tail.size());
}

/// "OOMKilled, exit 137" of a container that ended.
std::string end_of(const io::Json& terminated) {
    const std::string reason = clean(text_or(terminated["reason"]), 60);
    const io::Json& code = terminated["exitCode"];
    return code ? fmt::format("{}{}exit {}", reason, reason.empty() ? "" : ", ", code.integer()) : reason;
}

/// What one pod adds.
class Reading {
  public:
    Reading(const io::Json& pod, Pods& into) : pod_(pod), into_(into) {}

    void read() {
        const io::Json& status = pod_["status"];
        for (const auto of : kStatuses)
            if (status[of])
                for (const io::Json& container : status[of].items())
                    read_container(container);
        if (restarts_ > 0)
            into_.restarts[clean(pod_["metadata"]["uid"].text(), 64)] = restarts_;
        const std::string phase = text_or(status["phase"]);
        if (phase == "Failed" || phase == "Succeeded") {
            ++into_.ended;
            return;
        }
        if (pod_["metadata"]["deletionTimestamp"]) {
            ++into_.leaving;
            return;
        }
        ++into_.active;
        if (const std::string node = clean(text_or(pod_["spec"]["nodeName"]), 253); !node.empty())
            into_.nodes.insert(node);
        if (is_true(pod_, "Ready")) {
            ++into_.ready;
            return;
        }
        note(status);
    }

  private:
    void read_container(const io::Json& container) {
        restarts_ += count_or_zero(container["restartCount"]);
        const io::Json* last = nullptr;
        for (const char* of : {"state", "lastState"})
            if (const io::Json& ended = container[of]["terminated"]) {
                last = last ? last : &ended;
                if (text_or(ended["reason"]) == "OOMKilled" && ended["finishedAt"])
                    into_.oom_kills.push_back(ended["finishedAt"].time());
            }
        const std::string waiting = clean(text_or(container["state"]["waiting"]["reason"]), 60);
        const bool lasting = !waiting.empty() && std::ranges::find(kStarting, waiting) == kStarting.end();
        const bool ended =
            container["state"]["terminated"] && text_or(container["state"]["terminated"]["reason"]) != "Completed";
        if (lasting_ || !(lasting || ended))
            return;
        lasting_ = true;
        const std::string end = last ? end_of(*last) : std::string{};
        reason_ = lasting ? waiting : "ended";
        example_ = end.empty() ? std::string{} : fmt::format("{}: {}", clean(container["name"].text(), 63), end);
    }

    void note(const io::Json& status) {
        const io::Json& scheduled = condition(status["conditions"], "PodScheduled");
        if (const std::string lost = clean(text_or(status["reason"]), 60); !lasting_ && !lost.empty()) {
            reason_ = lost;
            lasting_ = true;
        } else if (!lasting_ && text_or(scheduled["status"]) == "False") {
            reason_ = clean(text_or(scheduled["reason"]), 60);
            example_ = clean(text_or(scheduled["message"]), 120);
            lasting_ = true;
        }
        if (reason_.empty())
            reason_ = text_or(status["phase"]) == "Running" ? "not ready" : "starting";
        if (into_.troubles.size() >= kMaxTroubles && !into_.troubles.contains(reason_))
            reason_ = "others";
        Trouble& trouble = into_.troubles[reason_];
        ++trouble.pods;
        trouble.lasting = trouble.lasting || lasting_;
        if (trouble.example.empty())
            trouble.example = example_;
    }

    const io::Json& pod_;
    Pods& into_;
    std::uint64_t restarts_ = 0;
    std::string reason_;
    std::string example_;
    bool lasting_ = false;
};

} // namespace

std::string workload_of(const io::Json& pod) {
    const io::Json& metadata = pod["metadata"];
    const io::Json& policy = pod["spec"]["restartPolicy"];
    const io::Json& owner = controller_of(pod);
    const std::string kind = text_or(owner["kind"]);
    if ((policy && policy.text() != "Always") || kind == "Job")
        return {};
    const std::string of_namespace = clean(metadata["namespace"].text(), 63);
    // A static pod is owned by its node.
    if (kind.empty() || kind == "Node")
        return subject_of(of_namespace, "pod", clean(metadata["name"].text(), 253));
    const std::string name = clean(owner["name"].text(), 253);
    if (kind == "ReplicaSet") {
        if (const auto deployment = without_hash(name, metadata["labels"]["pod-template-hash"]))
            return subject_of(of_namespace, "deployment", *deployment);
        if (const auto rollout = without_hash(name, metadata["labels"]["rollouts-pod-template-hash"]))
            return subject_of(of_namespace, "rollout", *rollout);
    }
    return subject_of(of_namespace, core::ascii_lower(clean(kind, 63)), name);
}

void AllPods::read(const io::Json& pod) {
    const std::string subject = workload_of(pod);
    // Asked of every pod: an object without a status is none that the API server gave.
    pod["metadata"]["uid"].text();
    pod["status"].object();
    if (subject.empty())
        return;
    Pods& pods = workloads[subject];
    pods.of_node = text_or(controller_of(pod)["kind"]) == "Node";
    Reading{pod, pods}.read();
}

} // namespace recoverd::collectors::kubernetes_parts
