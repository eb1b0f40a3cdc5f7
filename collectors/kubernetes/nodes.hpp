// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "collectors/kubernetes/words.hpp"

#include <map>
#include <set>

namespace recoverd::collectors::kubernetes_parts {

struct Node {
    core::Location location;
    /// As the API says it: True, False or Unknown; empty when there is no such condition.
    std::string ready;
    /// Why, when it is not True.
    std::string why;
    /// Of its kubelet.
    std::optional<Time> heartbeat;
    /// MemoryPressure, DiskPressure …: the conditions that should be False and are not.
    std::string pressure;
};

struct AllNodes {
    std::map<std::string, Node> nodes;

    void read(const io::Json& json);
    void report(std::vector<SubjectReport>& out) const;
    /// Where all of these stand: what is the same for all of them.
    core::Location common(const std::set<std::string>& names) const;
};

} // namespace recoverd::collectors::kubernetes_parts
