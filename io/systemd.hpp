// SPDX-License-Identifier: Apache-2.0
// A unit of systemd as D-Bus tells of it.
#pragma once

#include "core/time.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace recoverd::io {

/// Properties of a .service or .timer, by the names that org.freedesktop.systemd1 gives them.
struct UnitState {
    std::string load_state;
    std::string active_state;
    std::string sub_state;
    std::string result;
    int exec_main_code = 0;
    int exec_main_status = 0;
    /// Nothing when it never ran (0 on the bus).
    std::optional<core::Time> exec_main_start;
    std::optional<core::Time> exec_main_exit;
    /// When it began what it does, or did last: ExecStartPre= and all of several ExecStart= included.
    std::optional<core::Time> inactive_exit;
    std::uint32_t restarts = 0;
    bool condition_result = true;
    std::string invocation_id;
    std::optional<core::Time> last_trigger;
    std::optional<core::Time> next_elapse;
    /// Which unit a timer starts.
    std::string unit;
};

} // namespace recoverd::io
