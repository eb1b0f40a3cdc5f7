// SPDX-License-Identifier: Apache-2.0
// `[alertmanager]`: where alerts are sent, and how priorities are called there.
#pragma once

#include "core/config/options.hpp"

namespace recoverd::core::config {

struct AlertmanagerOptions {
    /// Every A or SRV record behind a name is one Alertmanager. Empty: nothing is pushed.
    std::vector<std::string> urls;
    /// On every alert.
    Labels labels;
    /// The `severity` of priorities that shall not have the usual one.
    Labels severity;
    /// As io/client_options.hpp reads them.
    std::optional<Node> auth;
    std::optional<Node> tls;
    std::string proxy;
    /// How often firing alerts are sent again.
    Duration interval{60'000};
    Duration timeout{10'000};
};

std::span<const Option<AlertmanagerOptions>> alertmanager_options();

} // namespace recoverd::core::config
