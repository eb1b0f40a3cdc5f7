// SPDX-License-Identifier: Apache-2.0
// A unit of systemd asked over D-Bus. Blocks (at most for `timeout`): for the pool, never for the loop.
#pragma once

#include "core/failure.hpp"
#include "io/systemd.hpp"

namespace recoverd::io {

/// Fails with `unreachable` without a bus, `refused` when the bus or systemd says no, `timed_out` when nobody answers,
/// `misconfigured` for a name that is none.
core::Result<UnitState> ask_systemd(const std::string& unit, core::Duration timeout);

} // namespace recoverd::io
