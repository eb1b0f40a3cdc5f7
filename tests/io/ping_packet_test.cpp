// SPDX-License-Identifier: Apache-2.0
// Echo messages as bytes. What the kernel makes of them is played by tests/smoke/test_icmp.py, which has the
// privileges to grant and to take.
#include "io/ping_packet.hpp"

#include <catch2/catch_test_macros.hpp>

namespace recoverd::io {

namespace {

using Bytes = std::vector<unsigned char>;

Bytes reply_to(IpFamily family, const Echo& echo) {
    Bytes bytes = echo_request(family, echo);
    bytes[0] = family == IpFamily::v4 ? 0 : 129;
    return bytes;
}

Bytes with_ip_header(const Bytes& bytes, unsigned char words) {
    Bytes packet(words * std::size_t{4});
    packet[0] = static_cast<unsigned char>(0x40U | words);
    packet.insert(packet.end(), bytes.begin(), bytes.end());
    return packet;
}

const Echo kEcho{0x1234, 0xfffe, 0x0102030405060708};

} // namespace

TEST_CASE("an echo request of IPv4 has its checksum, and of IPv6 the kernel makes it") {
    const Bytes v4 = echo_request(IpFamily::v4, kEcho);
    CHECK(v4 == Bytes{8, 0, 0xd5, 0xb8, 0x12, 0x34, 0xff, 0xfe, 1, 2, 3, 4, 5, 6, 7, 8});
    // RFC 1071: the sum of all, checksum included, is all ones.
    unsigned sum = 0;
    for (std::size_t i = 0; i < v4.size(); i += 2)
        sum += v4[i] * 256U + v4[i + 1];
    while (sum > 0xffff)
        sum = (sum & 0xffffU) + (sum >> 16U);
    CHECK(sum == 0xffff);
    const Bytes v6 = echo_request(IpFamily::v6, kEcho);
    CHECK(v6[0] == 128);
    CHECK((v6[2] == 0 && v6[3] == 0));
}

TEST_CASE("a reply is read back, with and without the IP header of a raw socket") {
    for (const auto family : {IpFamily::v4, IpFamily::v6})
        CHECK(read_echo_reply(family, false, reply_to(family, kEcho)) == kEcho);
    const Bytes v4 = reply_to(IpFamily::v4, kEcho);
    CHECK(read_echo_reply(IpFamily::v4, true, with_ip_header(v4, 5)) == kEcho);
    CHECK(read_echo_reply(IpFamily::v4, true, with_ip_header(v4, 15)) == kEcho);
}

TEST_CASE("whatever else is received is no reply") {
    const Bytes good = reply_to(IpFamily::v4, kEcho);
    for (std::size_t size = 0; size < good.size(); ++size)
        CHECK_FALSE(read_echo_reply(IpFamily::v4, false, std::span{good}.first(size)));
    CHECK_FALSE(read_echo_reply(IpFamily::v4, false, echo_request(IpFamily::v4, kEcho))); // our own, on loopback
    CHECK_FALSE(read_echo_reply(IpFamily::v6, false, good));
    Bytes coded = good;
    coded[1] = 1;
    CHECK_FALSE(read_echo_reply(IpFamily::v4, false, coded));
    CHECK_FALSE(read_echo_reply(IpFamily::v4, true, with_ip_header(good, 4)));
    Bytes beyond = with_ip_header(good, 5);
    beyond[0] = 0x4f; // a header of 60 bytes in 36
    CHECK_FALSE(read_echo_reply(IpFamily::v4, true, beyond));
    CHECK_FALSE(read_echo_reply(IpFamily::v4, true, {}));
}

} // namespace recoverd::io
