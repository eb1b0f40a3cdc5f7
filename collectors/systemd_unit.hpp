// SPDX-License-Identifier: Apache-2.0
// What a unit's state says about the backup it makes; for tests.
#pragma once

#include "collectors/collector.hpp"

#include <optional>
#include <vector>

namespace recoverd::collectors {

/// `cursor`: what the last look left in `Seen::cursor`. systemd forgets a unit's result when nobody uses the unit, and
/// a failure when it is told to, so the runs that were seen are kept there. `successes`: exit statuses besides 0 after
/// which the backup is good.
Seen interpret_systemd_unit(const io::UnitState& service, const std::optional<io::UnitState>& timer,
                            const std::string& cursor, const std::vector<int>& successes = {});

} // namespace recoverd::collectors
