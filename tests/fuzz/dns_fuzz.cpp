// SPDX-License-Identifier: Apache-2.0
// What a name server answers: when asked for SRV records, and to the collector `dns`, whatever it asks for.
#include "collectors/dns.hpp"
#include "io/dns_message.hpp"
#include "io/service_records.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

namespace {

void answers(std::span<const unsigned char> message, std::uint16_t type) {
    static_cast<void>(io::dns_answers(message, 0x1234, "shop.example", type));
    const auto reply = io::read_dns(message, type);
    if (!reply)
        return;
    must(!reply->truncated || reply->answer.records.empty(), "nothing of what is cut off");
    for (const io::DnsRecord& record : reply->answer.records) {
        must(record.ttl <= 0x7fffffff, "a TTL", record.text);
        for (const char c : record.text)
            must(c >= ' ' && c < 0x7f, "plain text", record.text);
    }
    core::Seen seen;
    seen.subjects.emplace_back().evidence = collectors::interpret_dns(
        {.values = {"192.0.2.1"}, .exact = true, .min_answers = 2}, reply->answer, "shop.example/A");
    must_be_sound(seen);
}

} // namespace

void fuzz(std::string_view bytes) {
    const std::span message{reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()};
    for (const auto* type : {"A", "AAAA", "CAA", "CNAME", "DS", "MX", "NS", "PTR", "SOA", "SRV", "TXT"})
        answers(message, io::dns_type(type));
    const auto services = io::read_services(message);
    if (!services)
        return;
    for (const io::Service& service : *services)
        must(!service.host.empty() && service.host != ".", "a service has a host", service.host);
}

} // namespace recoverd::fuzz
