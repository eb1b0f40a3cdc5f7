// SPDX-License-Identifier: Apache-2.0
// An ordered set of checks run after a recovery: each must be looked at anew and find all well, before the next one is
// asked. Its result is an exercise of its asset.
#pragma once

#include "core/names.hpp"
#include "core/policy.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace recoverd::core {

struct ValidationStep {
    std::string check;
    /// Of ValidationFailed, when this one fails.
    Priority priority = Priority::p2;
    /// Are the steps behind it left out when it fails?
    bool stop = false;
    /// How long its check may take to find all well.
    Duration within{60'000};

    bool operator==(const ValidationStep&) const = default;
};

/// `[[validation]]`.
struct Validation {
    std::string name;
    std::string description;
    /// Whose exercise it is.
    std::string asset;
    /// Scenarios after whose outages it is started.
    std::vector<std::string> after;
    std::vector<ValidationStep> steps;
    Policy policy;

    bool operator==(const Validation&) const = default;
};

enum class StepState : std::uint8_t { waiting, running, passed, failed, skipped };
template <>
struct Names<StepState> {
    static constexpr std::array<std::string_view, 5> values{"waiting", "running", "passed", "failed", "skipped"};
};

struct StepResult {
    /// Its step's check: a configuration may have changed since.
    std::string check;
    StepState state = StepState::waiting;
    Time began_at;
    Time ended_at;
    /// When its check was last asked to look.
    Time asked_at;
    /// What was wrong.
    std::string detail;

    bool operator==(const StepResult&) const = default;
};

struct ValidationRun {
    std::string id;
    /// What started it: "scenario az (eu-1a) is over", "asked for".
    std::string cause;
    Time began_at;
    std::optional<Time> ended_at;
    /// It was given up: what it was to validate broke again.
    std::string aborted;
    std::vector<StepResult> steps;

    bool operator==(const ValidationRun&) const = default;
};

struct ValidationMemory {
    std::optional<ValidationRun> running;
    std::optional<ValidationRun> last;
    /// Steps that failed in a run before the last one, as they failed there: no later one has come to them.
    std::vector<StepResult> still_failed;

    bool operator==(const ValidationMemory&) const = default;
};

} // namespace recoverd::core
