// SPDX-License-Identifier: Apache-2.0
// `[outcomes]`: who may report from elsewhere.
#pragma once

#include "core/config/options.hpp"

namespace recoverd::core::config {

struct OutcomesOptions {
    /// What must be shown off this host; none: nobody elsewhere may report.
    SecretRef token;
};

std::span<const Option<OutcomesOptions>> outcomes_options();

} // namespace recoverd::core::config
