// SPDX-License-Identifier: Apache-2.0
// Pods, counted by the workload that they belong to: a pod is nothing that anybody promised anything about, and its
// name is another one every time.
#pragma once

#include "collectors/kubernetes/words.hpp"

#include <map>
#include <set>

namespace recoverd::collectors::kubernetes_parts {

/// Why pods of a workload are not ready: how many of them, and of one of them what its container said last.
struct Trouble {
    std::uint64_t pods = 0;
    std::string example;
    /// Does it need somebody? A pod that is just starting has a trouble too.
    bool lasting = false;
};

struct Pods {
    /// Those that should run.
    std::uint64_t active = 0;
    std::uint64_t ready = 0;
    /// Being deleted; on a node that is gone they stay so.
    std::uint64_t leaving = 0;
    /// Evicted, or shut down with their node: their controller made others.
    std::uint64_t ended = 0;
    std::map<std::string, Trouble> troubles;
    /// Of those that are active.
    std::set<std::string> nodes;
    /// Containers whose last end was for memory, with its time. Only the last end of each is told.
    std::vector<Time> oom_kills;
    /// By the pod's UID: a new pod counts from 0.
    std::map<std::string, std::uint64_t> restarts;
    /// A static pod, which is gone when its node is.
    bool of_node = false;
};

struct AllPods {
    std::map<std::string, Pods> workloads;

    /// Passes over pods that are to end (of Jobs, and all whose restartPolicy is not Always).
    void read(const io::Json& pod);
};

/// The subject that a pod counts for; empty for one that counts for none.
std::string workload_of(const io::Json& pod);

} // namespace recoverd::collectors::kubernetes_parts
