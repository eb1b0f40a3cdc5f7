// SPDX-License-Identifier: Apache-2.0
// One question to a name server, and all that its answer says: for who watches name servers. Who just wants to know an
// address asks io/resolve.hpp.
#pragma once

#include "core/time.hpp"
#include "io/task.hpp"
#include "io/timers.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::io {

/// "A", "AAAA", "MX" … as a record type's number; 0 for one that is not known here.
std::uint16_t dns_type(std::string_view name);

struct DnsRequest {
    std::string name;
    /// See dns_type.
    std::uint16_t type = 1;
    /// host:port; the first of the system's own that answers when empty.
    std::string server;
    core::Duration timeout{5'000};
};

struct DnsRecord {
    std::uint32_t ttl = 0;
    /// As zone files write it, names in lower case and without their final dot: "10 mail.example", "192.0.2.1".
    std::string text;

    bool operator==(const DnsRecord&) const = default;
};

struct DnsAnswer {
    /// host:port, numeric, of the one that answered.
    std::string server;
    /// 0 NOERROR, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED (RFC 1035, 4.1.1).
    int code = 0;
    bool authoritative = false;
    /// It came over TCP, since UDP's was cut off.
    bool tcp = false;
    /// Those of the type that was asked for, in order of arrival; what leads there (CNAME) is left out.
    std::vector<DnsRecord> records;
    core::Duration latency{0};
};

/// Any answer to the question is one, NXDOMAIN and SERVFAIL too. Asks each address twice, since UDP may lose one. Fails
/// with `unreachable`, `refused`, `timed_out`, `bad_answer` (cut off, malformed) or `misconfigured` (no name server to
/// ask). `servers`: the system's name servers, for a request that names none.
Task<Result<DnsAnswer>> ask_dns(Timers& timers, DnsRequest request, std::vector<std::string> servers);

/// The name servers of a resolv.conf, as host:port; those of this host when it names none (resolv.conf(5)). Reads a
/// file, so not for the loop's thread.
std::vector<std::string> system_name_servers(const std::string& path = "/etc/resolv.conf");

} // namespace recoverd::io
