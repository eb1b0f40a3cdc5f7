// SPDX-License-Identifier: Apache-2.0
// Per asset: could we recover it, because of what, up to when, and how long would it take? Pure.
#pragma once

#include "core/rules/view.hpp"

#include <span>

namespace recoverd::core {

/// Worst last, so that the greater value wins where two meet.
enum class VerdictState : std::uint8_t { recoverable, at_risk, unknown, unrecoverable };
template <>
struct Names<VerdictState> {
    static constexpr std::array<std::string_view, 4> values{"recoverable", "at_risk", "unknown", "unrecoverable"};
};

struct Verdict {
    VerdictState state = VerdictState::unknown;
    /// Worst first, one line each; at last what others see of it, if they do, which also stands beside `recoverable`.
    std::vector<std::string> reasons;
    /// The newest moment one could go back to, by the best repository or method.
    std::optional<Time> recoverable_until;
    /// How long the last good proof took (its measured RTO, else its length).
    std::optional<Duration> proven_rto;
    /// What it lost, where it told.
    std::optional<Duration> proven_rpo;
    std::optional<Depth> proven_depth;
    std::optional<Time> proven_at;

    bool operator==(const Verdict&) const = default;
};

/// Findings that put an asset at risk, whatever priority they have: something promised is missed, unproven or not seen.
std::span<const RuleId> rules_at_risk();

/// The verdict, and in `revisit` when it could change though nothing arrives.
Verdict judge_verdict(const AssetView& view, Time& revisit);

} // namespace recoverd::core
