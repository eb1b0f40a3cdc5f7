// SPDX-License-Identifier: Apache-2.0
// An outcome as it is posted to /api/v1/outcomes: an exercise or a backup that reports itself.
#pragma once

#include "core/evidence.hpp"
#include "core/memory.hpp"
#include "core/report.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::agent {

struct Outcome {
    enum class Kind : std::uint8_t { exercise, backup };

    /// Names the run; made up when missing.
    std::string id;
    std::string asset;
    Kind kind = Kind::exercise;
    std::string exercise;
    core::ExerciseOutcome outcome = core::ExerciseOutcome::passed;
    std::optional<core::Time> started_at;
    std::optional<core::Time> ended_at;
    std::optional<core::Depth> depth;
    std::optional<core::Duration> rpo;
    std::optional<core::Duration> rto;
    std::string link;
    std::string message;
    std::optional<std::uint64_t> size_bytes;
    std::string backup_type;

    bool is_start() const { return outcome == core::ExerciseOutcome::started; }
    /// Of the check that keeps it; backups are those of the asset itself.
    std::string_view subject() const {
        return kind == Kind::exercise ? std::string_view{exercise} : std::string_view{};
    }
};

/// Times more than this ahead of `now` are refused.
inline constexpr core::Duration kMaxAhead{120'000};

/// A name for a run that has none.
std::string made_up_id();
/// Reads a posted body. Every mistake is named.
std::expected<Outcome, std::vector<std::string>> read_outcome(std::string_view body, core::Time now);
/// Canonical JSON: equal outcomes give equal text.
std::string to_json(const Outcome& outcome);
/// What the outcome says as a report of its check. A backup adds to the points that `memory` knows already.
core::Report to_report(const Outcome& outcome, const core::CheckMemory& memory, core::Time now);

} // namespace recoverd::agent
