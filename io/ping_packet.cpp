// SPDX-License-Identifier: Apache-2.0
#include "io/ping_packet.hpp"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

namespace recoverd::io {

namespace {

constexpr std::size_t kHeader = 8;
constexpr std::size_t kCookie = 8;

std::uint16_t number_at(std::span<const unsigned char> bytes, std::size_t at) {
    return static_cast<std::uint16_t>(bytes[at] << 8U | bytes[at + 1]);
}

void put(std::vector<unsigned char>& bytes, std::uint64_t value, unsigned size) {
    for (unsigned shift = size * 8; shift > 0; shift -= 8)
        bytes.push_back(static_cast<unsigned char>(value >> (shift - 8)));
}

/// RFC 1071, of an even number of bytes.
std::uint16_t checksum(std::span<const unsigned char> bytes) {
    std::uint32_t sum = 0;
    for (std::size_t at = 0; at + 1 < bytes.size(); at += 2)
        sum += number_at(bytes, at);
    while (sum >> 16U != 0)
        sum = (sum & 0xffffU) + (sum >> 16U);
    return static_cast<std::uint16_t>(~sum);
}

} // namespace

std::vector<unsigned char> echo_request(IpFamily family, const Echo& echo) {
    std::vector<unsigned char> bytes;
    bytes.push_back(family == IpFamily::v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST);
    put(bytes, 0, 3); // code and checksum
    put(bytes, echo.id, 2);
    put(bytes, echo.sequence, 2);
    put(bytes, echo.cookie, kCookie);
    if (family == IpFamily::v4) {
        const std::uint16_t sum = checksum(bytes);
        bytes[2] = static_cast<unsigned char>(sum >> 8U);
        bytes[3] = static_cast<unsigned char>(sum & 0xffU);
    }
    return bytes;
}

std::optional<Echo> read_echo_reply(IpFamily family, bool with_ip_header, std::span<const unsigned char> bytes) {
    if (with_ip_header) {
        // Its length in words of four bytes.
        const std::size_t header = bytes.empty() ? 0 : (bytes[0] & 0x0fU) * std::size_t{4};
        if (header < 20 || header > bytes.size())
            return std::nullopt;
        bytes = bytes.subspan(header);
    }
    const unsigned char reply = family == IpFamily::v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
    if (bytes.size() < kHeader + kCookie || bytes[0] != reply || bytes[1] != 0)
        return std::nullopt;
    Echo echo{number_at(bytes, 4), number_at(bytes, 6), 0};
    for (std::size_t at = kHeader; at < kHeader + kCookie; ++at)
        echo.cookie = echo.cookie << 8U | bytes[at];
    return echo;
}

} // namespace recoverd::io
