// SPDX-License-Identifier: Apache-2.0
#include "agent/config/targets.hpp"

namespace recoverd::agent {

using core::config::TargetGroup;

std::vector<TargetGroup> interpret_targets(const io::Json& document) {
    std::vector<TargetGroup> groups;
    for (const io::Json& group : document.items()) {
        TargetGroup& made = groups.emplace_back();
        for (const io::Json& target : group["targets"].items())
            made.targets.push_back(target.text());
        if (const io::Json& labels = group["labels"])
            for (const auto& [name, value] : labels.object())
                made.labels.emplace(name, value.text());
    }
    return groups;
}

} // namespace recoverd::agent
