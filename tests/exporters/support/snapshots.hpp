// SPDX-License-Identifier: Apache-2.0
// Snapshots made by hand, and files that outputs are compared with.
#pragma once

#include "core/snapshot.hpp"
#include "exporters/facts.hpp"

#include <string>

namespace recoverd::test {

/// 2026-11-22T03:00:00Z
inline constexpr core::Time kNow{std::chrono::seconds{1'795'316'400}};

exporters::AgentFacts facts();

/// Nothing configured, nothing known.
core::Snapshot empty_snapshot();
/// A small shop: every kind of evidence, every verdict, pending, firing and resolved alerts, a check that fails.
core::Snapshot sample_snapshot();
/// Names and texts that try to break out: quotes, newlines, markup, invalid UTF-8.
core::Snapshot hostile_snapshot();
/// `checks` checks with a recovery point each, one asset to every ten.
core::Snapshot huge_snapshot(std::size_t checks);

/// What the check remembers, to be changed: a copy of its own, made by each call.
core::CheckMemory& memory_of(core::CheckSnapshot& check);

core::Alert make_alert(core::RuleId rule, std::string asset, std::string check, std::string subject,
                       core::AlertState state, core::Priority priority, std::string reason,
                       const core::Config& config = {});
/// Puts it among the snapshot's other alerts, and counts it.
void add_alert(core::Snapshot& snapshot, core::Alert alert);

/// Compares with tests/golden/NAME; rewrites it when RECOVERD_ACCEPT_GOLDEN=1 (tools/accept-golden).
void check_golden(const std::string& name, const std::string& text);

struct Ran {
    int status;
    std::string output;
};
/// A shell command with `input` on its stdin.
Ran shell(const std::string& command, const std::string& input);

} // namespace recoverd::test
