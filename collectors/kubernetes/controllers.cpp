// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes/controllers.hpp"

#include <algorithm>

namespace recoverd::collectors::kubernetes_parts {

namespace {

bool all_have(const io::Json& containers, std::string_view probe) {
    return !containers.items().empty() && std::ranges::all_of(containers.items(), [&](const io::Json& container) {
        return static_cast<bool>(container[probe]);
    });
}

/// How long Kubernetes itself waits for a Deployment before it calls its rollout stuck, by default; others have no such
/// field (https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#progress-deadline-seconds).
constexpr std::chrono::seconds kProgressDeadline{600};
/// The largest number stands for no deadline at all: so long may it take then.
constexpr std::uint64_t kMaxDeadline = 3'600;

Duration progress_deadline(const io::Json& spec) {
    const io::Json& seconds = spec["progressDeadlineSeconds"];
    return seconds ? std::chrono::seconds{std::min<std::uint64_t>(seconds.natural(), kMaxDeadline)} : kProgressDeadline;
}

} // namespace

void AllControllers::read(const io::Json& object, std::string_view kind, Time now) {
    const io::Json& spec = object["spec"];
    const io::Json& status = object["status"];
    Controller controller;
    controller.of_namespace = object["metadata"]["namespace"].text();
    controller.name = object["metadata"]["name"].text();
    if (kind == "daemonset") {
        controller.wanted = count_or_zero(status["desiredNumberScheduled"]);
        controller.ready = count_or_zero(status["numberReady"]);
    } else {
        controller.wanted = spec["replicas"] ? spec["replicas"].natural() : 1;
        controller.ready = count_or_zero(status["readyReplicas"]);
    }
    const io::Json& progressing = condition(status["conditions"], "Progressing");
    if (text_or(progressing["status"]) == "False")
        controller.stuck = why(progressing);
    // One that is stuck says itself that its time is over.
    controller.is_new = controller.stuck.empty() && is_new(object, progress_deadline(spec), now);
    if (const io::Json& labels = spec["template"]["metadata"]["labels"])
        for (const auto& [name, value] : labels.object())
            controller.labels[name] = value.text();
    const io::Json& containers = spec["template"]["spec"]["containers"];
    controller.readiness_probe = all_have(containers, "readinessProbe");
    controller.liveness_probe = all_have(containers, "livenessProbe");
    controllers[subject_of(clean(controller.of_namespace, 63), kind, clean(controller.name, 253))] =
        std::move(controller);
}

} // namespace recoverd::collectors::kubernetes_parts
