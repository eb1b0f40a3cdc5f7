// SPDX-License-Identifier: Apache-2.0
// What a workload is to have so that the loss of a pod, a node or a peak is nothing: the option `require`.
#pragma once

#include "collectors/kubernetes/controllers.hpp"

#include <map>
#include <set>
#include <span>

namespace recoverd::collectors::kubernetes_parts {

/// The words of the option.
std::span<const std::string_view> requirable();

struct Protection {
    /// Selectors of PodDisruptionBudgets, by namespace.
    std::map<std::string, std::vector<io::Json>, std::less<>> budgets;
    /// Subjects that an autoscaler scales.
    std::set<std::string> scaled;
    /// Those of them that it may take to none: KEDA's, and where the least is 0. Any other leaves alone what somebody
    /// did.
    std::set<std::string> may_be_none;

    void read_budget(const io::Json& budget);
    void read_autoscaler(const io::Json& autoscaler);
    bool has_budget(const Controller& controller) const;
};

/// Is what is listed for the word known? One that is not is neither there nor missing.
core::Assertions required(const std::string& subject, const Controller& controller,
                          const std::vector<std::string>& words, const Protection& protection, bool budgets_known,
                          bool autoscalers_known);

} // namespace recoverd::collectors::kubernetes_parts
