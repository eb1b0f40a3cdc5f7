// SPDX-License-Identifier: Apache-2.0
// Hosts that lack addresses of their own. Replaces socket() and connect() of libc in this test program; one of each at
// a time.
#pragma once

namespace recoverd::test {

/// A host without IPv6, as net.ipv6.conf.all.disable_ipv6 makes it: there are sockets of that family, and none of them,
/// of streams or datagrams, can be connected to any address.
class NoIpv6 {
  public:
    NoIpv6();
    ~NoIpv6();
    NoIpv6(const NoIpv6&) = delete;
    NoIpv6& operator=(const NoIpv6&) = delete;
};

/// A host whose kernel knows no IPv6 at all, as ipv6.disable=1 makes it: there are no sockets of that family.
class NoIpv6Sockets {
  public:
    NoIpv6Sockets();
    ~NoIpv6Sockets();
    NoIpv6Sockets(const NoIpv6Sockets&) = delete;
    NoIpv6Sockets& operator=(const NoIpv6Sockets&) = delete;
};

/// A host whose ports of TCP towards one address of IPv4 are used up. Its datagrams go there as ever.
class NoPorts {
  public:
    explicit NoPorts(const char* towards);
    ~NoPorts();
    NoPorts(const NoPorts&) = delete;
    NoPorts& operator=(const NoPorts&) = delete;
};

} // namespace recoverd::test
