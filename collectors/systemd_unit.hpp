// SPDX-License-Identifier: Apache-2.0
// What a unit's state says about the backup it makes; for tests.
#pragma once

#include "collectors/collector.hpp"

#include <optional>

namespace recoverd::collectors {

/// `before`: what `cursor_of` made of the last look. systemd forgets a unit's result when nobody uses the unit, so the
/// last run that was seen is kept there.
Seen interpret_systemd_unit(const io::UnitState& service, const std::optional<io::UnitState>& timer,
                            const std::string& cursor);

} // namespace recoverd::collectors
