// SPDX-License-Identifier: Apache-2.0
// Is a TCP port open, and does it say what it should? TLS ports are for collectors/tls.cpp.
#include "collectors/all.hpp"
#include "collectors/connect_options.hpp"

namespace recoverd::collectors {

namespace {

struct Options {
    std::string address;
    std::string send;
    std::string expect;
    Duration slow{0};
};

constexpr Option<Options> kOptions[] = {
    {"address", &Options::address, "host:port to connect to", Need::required},
    {"send", &Options::send, "bytes to send once connected"},
    {"expect", &Options::expect, "text that the answer must hold"},
    {"slow", &Options::slow, "latency above which it counts as degraded; 0 for never"},
};

Task<Collected> collect(Options options, Run run) {
    io::ConnectRequest request;
    request.address = options.address;
    request.send = options.send;
    request.expect = options.expect;
    request.timeout = run.timeout;
    const auto connected = co_await run.world.connect(request);
    co_return interpret_connection(connected, options.address, options.slow);
}

void check(const Options& options, const core::config::Place& place, core::config::Diagnostics& diagnostics) {
    check_address(options.address, place.inside("address"), diagnostics);
}

} // namespace

Kind tcp() {
    return kind<Options>({.name = "tcp",
                          .summary = "whether a TCP port is open and says what it should",
                          .brings = {EvidenceKind::reachability},
                          .access = "to connect to the address",
                          .resource = Resource::network,
                          .probes = true,
                          .every = std::chrono::seconds{30},
                          .timeout = std::chrono::seconds{10}},
                         kOptions, collect,
                         {.check = check, .target = [](const Options& options) { return options.address; }});
}

} // namespace recoverd::collectors
