// SPDX-License-Identifier: Apache-2.0
// Rows of the guide, each with what the checks of packaging/config/resilience-guide.toml see while all is well and when
// it is not, and the alert that the guide asks for then.
#pragma once

#include "tests/core/engine/fleet.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::test {

/// What a check sees of its subject at a moment.
using Sight = std::function<std::vector<core::Evidence>(core::Time)>;

struct Row {
    std::string_view id;
    /// The check that sees it, or "asset/" with the asset whose exercise it is, or of which the alert is.
    std::string_view from;
    Sight well;
    Sight ill;
    /// Between the last good look and the bad one. Without `ill`, silence alone is what is wrong.
    core::Duration later;
    /// Priority and name of the alert.
    std::string_view alert;
    /// Of exercises.
    std::string_view exercise = {};
    /// Of scenarios; then `from` may name several checks, with a blank between.
    std::string_view scenario = {};
    /// What the check sees it of.
    std::string_view subject = "main";
};

std::span<const Row> guide_rows();

// What further tests have checks see.
Sight reachable(core::ReachState state);
Sight measured(std::string name, double value, double above);
/// An assertion that its source asks for with a priority of its own.
Sight graded(std::string name, std::string expected, std::string actual, core::Priority priority);
/// Of the write canary: what it tells while it is written, and while it is not.
Sight canary(bool written);

} // namespace recoverd::test
