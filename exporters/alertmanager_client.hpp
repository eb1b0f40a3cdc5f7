// SPDX-License-Identifier: Apache-2.0
// One POST of alerts, and what came of it.
#pragma once

#include "exporters/alertmanager_places.hpp"
#include "io/client_options.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace recoverd::exporters {

struct AlertmanagerOptions {
    /// Every A or SRV record behind a name is one Alertmanager: SRV where the URL names no port.
    std::vector<std::string> urls;
    io::TlsOptions tls;
    io::AuthRefs auth;
    std::string proxy;
    /// How often everything is sent again.
    core::Duration interval{60'000};
    core::Duration timeout{10'000};

    bool operator==(const AlertmanagerOptions&) const = default;
};

/// `body` to one place, within `options.timeout`. Credentials are opened each time: a rotated password counts from then
/// on.
io::Task<core::Result<io::HttpAnswer>> post_alerts(io::World& world, AlertmanagerOptions options,
                                                   AlertmanagerPlace place, std::string body);

/// `sends_total`'s outcome for what came back: accepted, rejected (one of the alerts is wrong), failed (by the server),
/// refused, or the kind of the failure.
std::string_view outcome_of(const core::Result<io::HttpAnswer>& answer);
/// For a log's line.
std::string words_of(const core::Result<io::HttpAnswer>& answer);

} // namespace recoverd::exporters
