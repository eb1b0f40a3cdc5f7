// SPDX-License-Identifier: Apache-2.0
#include "exporters/alertmanager_places.hpp"

#include "io/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace recoverd::exporters {

using namespace std::chrono_literals;

namespace {

struct UrlParts {
    std::string scheme = "http";
    std::string host;
    std::string port;
    std::string path;
};

UrlParts split(std::string_view url) {
    UrlParts parts;
    if (const auto end = url.find("://"); end != std::string_view::npos) {
        parts.scheme = url.substr(0, end);
        url.remove_prefix(end + 3);
    }
    const auto slash = url.find_first_of("/?#");
    std::string_view authority = url.substr(0, slash);
    if (slash != std::string_view::npos)
        parts.path = url.substr(slash, url.find_first_of("?#") - slash);
    while (parts.path.ends_with('/'))
        parts.path.pop_back();
    if (const auto at = authority.rfind('@'); at != std::string_view::npos)
        authority.remove_prefix(at + 1);
    if (authority.starts_with('[')) {
        const auto close = authority.find(']');
        parts.host = authority.substr(1, close - 1);
        authority = close == std::string_view::npos ? "" : authority.substr(close + 1);
    } else {
        parts.host = authority.substr(0, authority.rfind(':'));
        authority.remove_prefix(parts.host.size());
    }
    if (authority.starts_with(':'))
        parts.port = authority.substr(1);
    return parts;
}

AlertmanagerPlace place(const UrlParts& parts, const std::string& address, const std::string& port) {
    AlertmanagerPlace out;
    const std::string suffix = port.empty() ? "" : ":" + port;
    out.url = fmt::format("{}://{}{}{}", parts.scheme, io::bracketed(address), suffix, parts.path);
    if (address != parts.host) {
        out.host_header = parts.host + suffix;
        out.server_name = parts.host;
    }
    return out;
}

/// The A records when there are any: an Alertmanager with an address of each family is still one.
std::vector<std::string> one_family(std::vector<std::string> addresses) {
    const auto is_v6 = [](const std::string& address) { return address.contains(':'); };
    if (!std::ranges::all_of(addresses, is_v6))
        std::erase_if(addresses, is_v6);
    return addresses;
}

/// Where a service is whose address is not known right now: where it was, or by its name alone. It is still one of
/// them, and its slot says when it is down.
std::vector<AlertmanagerPlace> without_address(const UrlParts& parts, const std::string& port,
                                               const std::vector<AlertmanagerPlace>& known) {
    const AlertmanagerPlace by_name = place(parts, parts.host, port);
    const std::string header = parts.host + ":" + port;
    std::vector<AlertmanagerPlace> places;
    std::ranges::copy_if(known, std::back_inserter(places), [&](const AlertmanagerPlace& before) {
        return before.of_service && before.host_header == header;
    });
    return places.empty() ? std::vector{by_name} : places;
}

} // namespace

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): outlives the sender
io::Task<core::Result<std::vector<AlertmanagerPlace>>> places_of(io::World& world, std::string url,
                                                                 std::vector<AlertmanagerPlace> known) {
    constexpr core::Duration kResolve = 5s;
    const UrlParts parts = split(url);
    std::vector<AlertmanagerPlace> places;
    if (parts.port.empty()) {
        const auto services = co_await world.resolve_services(parts.host, kResolve);
        // Whoever cannot be asked for its services has them still: its own address, if it has one, is another place.
        if (!services && std::ranges::any_of(known, &AlertmanagerPlace::of_service))
            co_return known;
        if (services)
            for (const io::Service& service : *services) {
                UrlParts named = parts;
                named.host = service.host;
                const std::string port = std::to_string(service.port);
                const auto addresses = co_await world.resolve(service.host, kResolve);
                if (!addresses)
                    std::ranges::copy(without_address(named, port, known), std::back_inserter(places));
                else
                    for (const std::string& address : one_family(*addresses))
                        places.push_back(place(named, address, port));
            }
        for (AlertmanagerPlace& found : places)
            found.of_service = true;
        if (!places.empty())
            co_return places;
    }
    const auto addresses = co_await world.resolve(parts.host, kResolve);
    if (!addresses)
        co_return std::unexpected(addresses.error());
    for (const std::string& address : one_family(*addresses))
        places.push_back(place(parts, address, parts.port));
    co_return places;
}

} // namespace recoverd::exporters
