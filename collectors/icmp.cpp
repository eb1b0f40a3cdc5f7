// SPDX-License-Identifier: Apache-2.0
// Does a host answer to ICMP echo, and how much is lost on the way? Where this process may not ping, nobody knows: that
// is a failure of the check, with what to grant, and says nothing of the host.
#include "collectors/icmp.hpp"

#include "collectors/all.hpp"
#include "collectors/connect_options.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>

#include <numeric>

namespace recoverd::collectors {

namespace {

using core::Measurement;
using core::Reachability;
using core::ReachState;

struct Options {
    std::string address;
    std::int64_t count = 5;
    Duration interval{200};
    double loss = IcmpExpectations{}.loss;
    Duration slow{0};
};

constexpr Option<Options> kOptions[] = {
    {"address", &Options::address, "name or address of the host, IPv4 or IPv6", Need::required},
    {"count", &Options::count, "echoes for each look, 1 to 20"},
    {"interval", &Options::interval, "time between two of them"},
    {"loss", &Options::loss, "share of them that may be lost, 0 to 1; more counts as degraded, and all as down"},
    {"slow", &Options::slow, "an average round trip that takes longer counts as degraded; 0 for never"},
};

Task<Collected> collect(Options options, Run run) {
    io::PingRequest request;
    request.host = options.address;
    request.count = static_cast<unsigned>(options.count);
    request.interval = options.interval;
    request.timeout = run.timeout;
    const auto pinged = co_await run.world.ping(std::move(request));
    if (!pinged)
        co_return not_reached(pinged.error(), options.address);
    co_return seen_of(interpret_icmp({options.address, options.loss, options.slow}, *pinged));
}

void check(const Options& options, const core::config::Place& place, core::config::Diagnostics& diagnostics) {
    const auto mistake = [&](bool found, std::string_view key, std::string text) {
        if (found)
            diagnostics.mistake(place.at, fmt::format("{}.{}", place.path, key), std::move(text));
    };
    constexpr Duration kLongest{1'000};
    mistake(options.count < 1 || options.count > 20, "count", fmt::format("expected 1 to 20, found {}", options.count));
    mistake(options.loss < 0 || options.loss > 1, "loss",
            fmt::format("expected a share of 0 to 1, found {}", options.loss));
    mistake(options.interval <= Duration{0} || options.interval > kLongest, "interval",
            fmt::format("expected up to 1s, found {}", core::config::format_duration(options.interval)));
}

std::string lost_in_words(const io::Pinged& pinged) {
    const std::string lost =
        fmt::format("{} of {} echoes to {} lost", pinged.sent - pinged.trips.size(), pinged.sent, pinged.address);
    return pinged.trouble.empty() ? lost : fmt::format("{}: {}", lost, pinged.trouble);
}

} // namespace

std::vector<Evidence> interpret_icmp(const IcmpExpectations& expected, const io::Pinged& pinged) {
    Reachability seen;
    seen.target = expected.target;
    const double lost = pinged.sent == 0 ? 1 : 1 - static_cast<double>(pinged.trips.size()) / pinged.sent;
    std::vector<Evidence> evidence;
    if (pinged.trips.empty()) {
        seen.state = ReachState::down;
        seen.detail = lost_in_words(pinged);
    } else {
        const auto average = std::accumulate(pinged.trips.begin(), pinged.trips.end(), std::chrono::microseconds{0}) /
                             static_cast<std::int64_t>(pinged.trips.size());
        seen.latency = std::chrono::round<Duration>(average);
        if (lost > expected.loss) {
            seen.state = ReachState::degraded;
            seen.detail = fmt::format("{}, a share of {} allowed", lost_in_words(pinged), expected.loss);
        } else if (expected.slow > Duration{0} && average > expected.slow) {
            seen.state = ReachState::degraded;
            seen.detail = fmt::format("round trips of {} ms, {} allowed", average.count() / 1'000,
                                      core::config::format_duration(expected.slow));
        }
        evidence.emplace_back(Measurement{
            .name = "round_trip", .value = std::chrono::duration<double>(average).count(), .unit = "seconds"});
    }
    evidence.emplace_back(Measurement{.name = "packet_loss", .value = lost, .unit = "ratio"});
    evidence.insert(evidence.begin(), std::move(seen));
    return evidence;
}

Kind icmp() {
    return kind<Options>(
        {.name = "icmp",
         .summary = "whether a host answers to ping, how much is lost, how long it takes",
         .brings = {EvidenceKind::reachability, EvidenceKind::measurement},
         .access = "to ping: a group in net.ipv4.ping_group_range (sysctl net.ipv4.ping_group_range=\"0 2147483647\"), "
                   "or CAP_NET_RAW (a drop-in for the service: CapabilityBoundingSet=CAP_NET_RAW, "
                   "AmbientCapabilities=CAP_NET_RAW, PrivateUsers=no)",
         .probes = true,
         .every = std::chrono::seconds{30},
         .timeout = std::chrono::seconds{10}},
        kOptions, collect, {.check = check, .target = [](const Options& options) { return options.address; }});
}

} // namespace recoverd::collectors
