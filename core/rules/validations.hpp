// SPDX-License-Identifier: Apache-2.0
// How a validation goes on, and what is wrong after it. Pure.
#pragma once

#include "core/evidence.hpp"
#include "core/finding.hpp"
#include "core/validation.hpp"

#include <span>
#include <string>
#include <vector>

namespace recoverd::core {

/// What the check of a step shows now.
struct StepView {
    /// When its last look that learned something began; nothing before the first one.
    std::optional<Time> looked_at;
    /// What it finds wrong, or why it could not look; empty when all is well.
    std::string wrong;
};

/// A check that did not find all well is asked again after this long.
inline constexpr Duration kAskAgain = 5s;

ValidationRun begin_validation(const Validation& validation, std::string cause, Time now);

struct Advanced {
    bool changed = false;
    /// Checks that shall look now.
    std::vector<std::string> look;
};
/// Goes on as far as what the checks show allows; `views` stand in the order of the steps. Asks in `out` to be called
/// again when time alone decides. The run has ended when it has an `ended_at`.
Advanced advance_validation(const Validation& validation, ValidationRun& run, std::span<const StepView> views, Time now,
                            Judgement& out);
void abort_validation(ValidationRun& run, std::string why, Time now);
/// Nobody could look before `now`: a step that runs has its time from then on, and is asked for anew.
void resume_validation(ValidationRun& run, Time now);
/// The run that goes on has ended: it is the last one now. Steps of the validation that failed before and that it did
/// not come to stay as they were found: nobody has looked since.
void end_run(const Validation& validation, ValidationMemory& memory);

/// Did every step pass?
bool has_passed(const ValidationRun& run);
/// An ended run as evidence: an exercise of the validation's name.
Exercise exercise_of(const Validation& validation, const ValidationRun& run);

/// ValidationFailed of each step that failed and has not passed since.
void judge_validation(const Validation& validation, const ValidationMemory& memory, Time now, Judgement& out);

} // namespace recoverd::core
