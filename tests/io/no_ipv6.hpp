// SPDX-License-Identifier: Apache-2.0
// A host without IPv6, as net.ipv6.conf.all.disable_ipv6 makes it: there are sockets of that family, and connect()
// answers EADDRNOTAVAIL whatever the address. Replaces the call of libc in this test program.
#pragma once

namespace recoverd::test {

class NoIpv6 {
  public:
    NoIpv6();
    ~NoIpv6();
    NoIpv6(const NoIpv6&) = delete;
    NoIpv6& operator=(const NoIpv6&) = delete;
};

} // namespace recoverd::test
