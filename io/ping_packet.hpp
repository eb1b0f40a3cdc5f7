// SPDX-License-Identifier: Apache-2.0
// Echo messages of ICMP (RFC 792) and ICMPv6 (RFC 4443), as bytes; pure, for fuzzers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace recoverd::io {

enum class IpFamily : std::uint8_t { v4, v6 };

struct Echo {
    std::uint16_t id = 0;
    std::uint16_t sequence = 0;
    /// Tells ours from everybody else's.
    std::uint64_t cookie = 0;

    bool operator==(const Echo&) const = default;
};

/// A request, with the checksum that IPv4 wants (of IPv6 the kernel makes it).
std::vector<unsigned char> echo_request(IpFamily family, const Echo& echo);

/// The reply in what a socket received; nothing for all else. A raw socket of IPv4 receives the IP header, too.
std::optional<Echo> read_echo_reply(IpFamily family, bool with_ip_header, std::span<const unsigned char> bytes);

} // namespace recoverd::io
