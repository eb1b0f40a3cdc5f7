// SPDX-License-Identifier: Apache-2.0
#include "collectors/connect_options.hpp"

#include "core/config/values.hpp"
#include "io/client_options.hpp"
#include "io/connect.hpp"

#include <fmt/format.h>

namespace recoverd::collectors {

void check_address(const std::string& address, const core::config::Place& place,
                   core::config::Diagnostics& diagnostics) {
    if (!address.empty() && !io::split_address(address))
        diagnostics.mistake(place.at, place.path, fmt::format("expected host:port, found '{}'", address),
                            "an IPv6 address stands in brackets: [2001:db8::1]:5432.");
}

void check_url(const std::string& url, const core::config::Place& place, core::config::Diagnostics& diagnostics) {
    if (url.empty())
        return; // that it is missing has been said
    const auto host = url.find("://");
    const bool known = url.starts_with("http://") || url.starts_with("https://");
    if (!known || url.size() == host + 3)
        diagnostics.mistake(place.at, place.path, "expected a URL such as 'https://host/path'");
    else if (io::bare_url(url) != url.substr(0, url.find_first_of("?#")))
        diagnostics.mistake(place.at, place.path, "expected a URL without credentials, found some in it",
                            "write auth = { basic = { username = …, password = { file = … } } }");
    else if (core::config::has_bad_port(url))
        diagnostics.mistake(place.at, place.path, "expected a URL with a port from 1 to 65535, found another one");
}

Seen seen_of(std::vector<core::Evidence> evidence) {
    Seen seen;
    seen.subjects.push_back({{}, {}, std::move(evidence), {}});
    return seen;
}

Collected not_reached(const core::Failure& failure, std::string target) {
    if (failure.kind == FailureKind::misconfigured)
        return std::unexpected(failure);
    return seen_of(
        {core::Reachability{.target = std::move(target), .state = core::ReachState::down, .detail = failure.detail}});
}

std::string distrust(const std::optional<core::Certificate>& shown) {
    return fmt::format("the certificate is not trusted: {}", shown ? shown->fault : "none was shown");
}

Collected interpret_connection(const Result<io::Connected>& connected, const std::string& address, Duration slow) {
    if (!connected)
        return not_reached(connected.error(), address);
    core::Reachability seen;
    seen.target = address;
    seen.certificate = connected->certificate;
    // As with `http`.
    if (seen.certificate && !seen.certificate->fault.empty()) {
        seen.state = core::ReachState::down;
        seen.detail = distrust(seen.certificate);
        return seen_of({std::move(seen)});
    }
    seen.latency = connected->latency;
    if (slow > Duration{0} && connected->latency > slow) {
        seen.state = core::ReachState::degraded;
        seen.detail = fmt::format("answered after {}, {} allowed", core::config::format_duration(connected->latency),
                                  core::config::format_duration(slow));
    }
    return seen_of({std::move(seen)});
}

} // namespace recoverd::collectors
