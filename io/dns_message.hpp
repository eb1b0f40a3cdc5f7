// SPDX-License-Identifier: Apache-2.0
// DNS messages (RFC 1035, 4), by the C library's parser; pure, for fuzzers.
#pragma once

#include "io/dns.hpp"

#include <optional>
#include <span>

namespace recoverd::io {

using DnsBytes = std::vector<unsigned char>;

/// Nothing for what is no name.
std::optional<DnsBytes> dns_query(std::uint16_t id, const std::string& name, std::uint16_t type);

struct DnsReply {
    bool truncated = false;
    DnsAnswer answer;
};
/// Is it a reply to that question? Anybody can send one; another's is passed over. A reply without a question, as some
/// servers send with an error, counts by its id.
bool dns_answers(std::span<const unsigned char> bytes, std::uint16_t id, const std::string& name, std::uint16_t type);
/// Nothing for a message that is not well-formed.
std::optional<DnsReply> read_dns(std::span<const unsigned char> bytes, std::uint16_t type);

} // namespace recoverd::io
