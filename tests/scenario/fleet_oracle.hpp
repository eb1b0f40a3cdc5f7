// SPDX-License-Identifier: Apache-2.0
// Holds what fires in the Alertmanager against what a model of the fleet says has to, and may.
#pragma once

#include "tests/scenario/fake_alertmanager.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace recoverd::scenario {

/// An alert that may fire now. All others are false.
struct Expected {
    /// All that names it but its priority.
    std::string alert;
    bool must = false;
    /// Those that are right: "P2", or "P2 P4".
    std::string priorities;
    /// What whoever must be woken by it has to read there, and may not.
    std::vector<std::string> says{};
    std::vector<std::string> never_says{};
    /// Does it begin but once for as long as it is expected?
    bool once = true;
};

class Oracle {
  public:
    /// The first thing that is not as expected; empty when all is well.
    std::string compare(const FakeAlertmanager& alertmanager, const std::vector<Expected>& expected);
    /// The alert that began more often than there was reason to; empty when none did.
    std::string told_twice(const FakeAlertmanager& alertmanager) const;

  private:
    void count(const std::vector<Expected>& expected);

    std::set<std::string> expected_before_;
    std::map<std::string, std::size_t> times_expected_;
    std::set<std::string> may_repeat_;
};

/// What names an alert: all its labels that matter but the priority, in a fixed order.
std::string name_of_alert(const core::Labels& labels);
/// What fires, with the priority, for the reader of a failed test.
std::string firing_words(const FakeAlertmanager& alertmanager);

} // namespace recoverd::scenario
