// SPDX-License-Identifier: Apache-2.0
// What makes pods: how many of them are wanted.
#pragma once

#include "collectors/kubernetes/words.hpp"

#include <map>

namespace recoverd::collectors::kubernetes_parts {

struct Controller {
    std::string of_namespace;
    std::string name;
    std::uint64_t wanted = 1;
    /// By its own status, which is as old as its controller is slow.
    std::uint64_t ready = 0;
    /// Why a rollout does not come to its end; empty when it does, or did.
    std::string stuck;
    /// It was made lately, and its pods may still be on their way.
    bool is_new = false;
    /// The labels of its pods, and whether every container has the probe.
    std::map<std::string, std::string> labels;
    bool readiness_probe = false;
    bool liveness_probe = false;
};

struct AllControllers {
    /// By subject.
    std::map<std::string, Controller> controllers;

    /// `kind`: deployment, statefulset or daemonset.
    void read(const io::Json& object, std::string_view kind, Time now);
};

} // namespace recoverd::collectors::kubernetes_parts
