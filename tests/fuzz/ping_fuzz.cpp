// SPDX-License-Identifier: Apache-2.0
// What a socket for ICMP receives.
#include "io/ping_packet.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

void fuzz(std::string_view bytes) {
    const std::span packet{reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()};
    for (const auto family : {io::IpFamily::v4, io::IpFamily::v6})
        for (const bool with_ip_header : {false, true}) {
            const auto echo = io::read_echo_reply(family, with_ip_header, packet);
            if (!echo)
                continue;
            // Whatever was read is what a request with it would have brought.
            auto again = io::echo_request(family, *echo);
            again[0] = family == io::IpFamily::v4 ? 0 : 129;
            must(io::read_echo_reply(family, false, again) == echo, "the same echo");
        }
}

} // namespace recoverd::fuzz
