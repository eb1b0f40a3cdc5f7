// SPDX-License-Identifier: Apache-2.0
// Does a TLS handshake hold, and until when does the certificate? STARTTLS for PostgreSQL and SMTP included. When a
// certificate expires too soon is for core/rules/certificate.cpp.
#include "collectors/all.hpp"
#include "collectors/connect_options.hpp"

#include "io/client_options.hpp"

namespace recoverd::collectors {

namespace {

struct Options {
    std::string address;
    std::string server_name;
    std::string starttls = "none";
    Duration slow{0};
    std::optional<core::config::Node> tls;
};

constexpr Option<Options> kOptions[] = {
    {"address", &Options::address, "host:port to connect to", Need::required},
    {"server_name", &Options::server_name, "name that the certificate must hold; the address's host when left out"},
    {"starttls", &Options::starttls, "protocol to speak before TLS begins", Need::optional, "none|postgres|smtp"},
    {"slow", &Options::slow, "time of connection and handshake above which it counts as degraded; 0 for never"},
    {"tls", &Options::tls, "{ ca_file, cert_file, key_file, server_name, insecure_skip_verify }"},
};

io::StartTls starttls(const std::string& name) {
    if (name == "postgres")
        return io::StartTls::postgres;
    return name == "smtp" ? io::StartTls::smtp : io::StartTls::none;
}

Task<Collected> collect(Options options, Run run) {
    core::config::Diagnostics checked_already;
    io::ConnectRequest request;
    request.address = options.address;
    request.tls = true;
    if (options.tls)
        request.tls_options = io::read_tls(*options.tls, "tls", checked_already);
    if (!options.server_name.empty())
        request.tls_options.server_name = options.server_name;
    request.starttls = starttls(options.starttls);
    request.timeout = run.timeout;
    const auto connected = co_await run.world.connect(request);
    co_return interpret_connection(connected, options.address, options.slow);
}

void check(const Options& options, const core::config::Place& place, core::config::Diagnostics& diagnostics) {
    check_address(options.address, place.inside("address"), diagnostics);
    if (options.tls)
        io::read_tls(*options.tls, place.path + ".tls", diagnostics);
}

} // namespace

Kind tls() {
    return kind<Options>({.name = "tls",
                          .summary = "whether TLS holds, and until when the certificate does",
                          .brings = {EvidenceKind::reachability},
                          .access = "to connect to the address",
                          .resource = Resource::network,
                          .probes = true,
                          .every = std::chrono::minutes{5},
                          .timeout = std::chrono::seconds{10}},
                         kOptions, collect,
                         {.check = check, .target = [](const Options& options) { return options.address; }});
}

} // namespace recoverd::collectors
