// SPDX-License-Identifier: Apache-2.0
// A finding over time: pending, firing, resolved. One pure step; state and time come in, transitions go out.
#pragma once

#include "core/config.hpp"
#include "core/finding.hpp"

#include <map>
#include <span>
#include <vector>

namespace recoverd::core {

enum class AlertState : std::uint8_t { pending, firing, resolved };
template <>
struct Names<AlertState> {
    static constexpr std::array<std::string_view, 3> values{"pending", "firing", "resolved"};
};

/// How long a resolved alert is still sent again (as Prometheus does).
inline constexpr Duration kResolvedRetention = 15min;

struct Alert {
    /// As last found; kept as it was when resolved.
    Finding finding;
    /// All of the alert's labels: identity, priority, severity, source and configured ones. Its key everywhere.
    Labels labels;
    AlertState state = AlertState::pending;
    /// When it was found first in this episode.
    Time since;
    /// When it began to fire; kept over restarts and changes of priority.
    Time started_at;
    Time resolved_at;

    bool operator==(const Alert&) const = default;
};

/// The alerts of one check or asset, by their labels.
using Alerts = std::map<Labels, Alert>;

/// In the order of their labels.
std::vector<Alert> listed(const Alerts& alerts);

struct Transition {
    AlertState from = AlertState::pending;
    Alert alert;
};

/// Labels of findings are made by the caller, so that a changed configuration is just another label set.
struct LabelledFinding {
    Finding finding;
    Labels labels;
};

/// Moves `alerts` to what `found` says at `now`. Returns what began or ended to fire, and sets `revisit` to when a
/// pending one would fire or a resolved one is forgotten.
std::vector<Transition> step(Alerts& alerts, std::span<const LabelledFinding> found, Time now, Time& revisit);

/// The labels that identify a finding, and those that describe it. `scope`: whose word it is, one node's or the
/// cluster's; a node's carries its `instance`.
Labels alert_labels(const Finding& finding, const Config& config, const Check* check, const Asset* asset, Scope scope);

} // namespace recoverd::core
