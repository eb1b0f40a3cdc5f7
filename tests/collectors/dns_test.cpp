// SPDX-License-Identifier: Apache-2.0
#include "collectors/dns.hpp"
#include "tests/collectors/one_look.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <chrono>

namespace recoverd::collectors {

namespace {

using Catch::Matchers::ContainsSubstring;
using core::Measurement;
using core::Reachability;
using core::ReachState;
using core::config::Table;
using namespace std::chrono_literals;
using test::entry;
using test::list;

io::DnsAnswer answered(std::vector<io::DnsRecord> records, int code = 0) {
    io::DnsAnswer answer;
    answer.server = "10.0.0.53:53";
    answer.code = code;
    answer.records = std::move(records);
    answer.latency = 7ms;
    return answer;
}

Reachability judged(const DnsExpectations& expected, const io::DnsAnswer& answer) {
    return std::get<Reachability>(interpret_dns(expected, answer, "shop.example/A").at(0));
}

struct Asked {
    Collected result;
    io::DnsRequest request;
};

Asked ask(const Table& options, core::Result<io::DnsAnswer> answer) {
    asio::io_context ioc;
    test::FakeWorld world(ioc);
    Asked asked;
    world.on_dns = [&](const io::DnsRequest& request) {
        asked.request = request;
        return answer;
    };
    asked.result = test::look(ioc, world, "dns", options, "", 10s, 0s);
    return asked;
}

std::size_t mistakes(const Table& options) { return test::mistakes("dns", options).size(); }

const std::vector<io::DnsRecord> kTwo{{300, "192.0.2.1"}, {60, "192.0.2.2"}};

} // namespace

TEST_CASE("a name with records is up, and the lowest of their TTLs is measured") {
    const auto evidence = interpret_dns({}, answered(kTwo), "shop.example/A");
    CHECK(evidence ==
          std::vector<Evidence>{Reachability{.target = "shop.example/A", .state = ReachState::up, .latency = 7ms},
                                Measurement{.name = "ttl", .value = 60, .unit = "seconds"}});
}

TEST_CASE("a server that says no is down, with which no it was and who said it") {
    for (const auto& [code, words] : {std::pair{2, "SERVFAIL"}, {3, "NXDOMAIN"}, {5, "REFUSED"}, {9, "code 9"}}) {
        const auto evidence = interpret_dns({}, answered({}, code), "t");
        REQUIRE(evidence.size() == 1);
        const auto& down = std::get<Reachability>(evidence[0]);
        CHECK(down.state == ReachState::down);
        CHECK_THAT(down.detail, ContainsSubstring(words) && ContainsSubstring("10.0.0.53:53"));
        CHECK(down.latency == 7ms);
    }
}

TEST_CASE("a name without records of the type is down, unless none is fine") {
    CHECK(judged({}, answered({})).state == ReachState::down);
    CHECK(judged({}, answered({})).detail == "expected A records, found none, from 10.0.0.53:53");
    CHECK(judged({.min_answers = 0}, answered({})).state == ReachState::up);
    CHECK(interpret_dns({.min_answers = 0}, answered({}), "t").size() == 1); // no record, no TTL
    CHECK(judged({.values = {"192.0.2.1"}, .min_answers = 0}, answered({})).state == ReachState::down);
}

TEST_CASE("answers that are partly wrong are degraded, and all wrong are down") {
    const auto part = judged({.values = {"192.0.2.1", "192.0.2.9"}}, answered(kTwo));
    CHECK(part.state == ReachState::degraded);
    CHECK(part.detail == "expected '192.0.2.9' among the A records, found '192.0.2.1', '192.0.2.2', from 10.0.0.53:53");
    CHECK(judged({.values = {"192.0.2.9"}}, answered(kTwo)).state == ReachState::down);
    CHECK(judged({.values = {"192.0.2.1"}}, answered(kTwo)).state == ReachState::up);
    const auto more = judged({.values = {"192.0.2.1"}, .exact = true}, answered(kTwo));
    CHECK(more.state == ReachState::degraded);
    CHECK(more.detail == "expected '192.0.2.1' and nothing else, found '192.0.2.2' as well, from 10.0.0.53:53");
    CHECK(judged({.values = {"192.0.2.2", "192.0.2.1"}, .exact = true}, answered(kTwo)).state == ReachState::up);
    const auto few = judged({.min_answers = 3}, answered(kTwo));
    CHECK(few.state == ReachState::degraded);
    CHECK(few.detail == "expected at least 3 A records, found 2, from 10.0.0.53:53");
}

TEST_CASE("many and long values make few words") {
    std::vector<io::DnsRecord> many;
    for (int i = 0; i < 400; ++i)
        many.push_back({1, std::string(4'000, 'x') + std::to_string(i)});
    CHECK(judged({.type = "TXT", .values = {"v=spf1"}}, answered(many)).detail.size() < 900);
}

TEST_CASE("a name server slower than allowed is degraded") {
    CHECK(judged({.slow = 7ms}, answered(kTwo)).state == ReachState::up);
    const auto slow = judged({.slow = 6ms}, answered(kTwo));
    CHECK(slow.state == ReachState::degraded);
    CHECK(slow.detail == "answered after 7ms, 6ms allowed");
}

TEST_CASE("what is asked is what the options say, and an address is asked for in reverse") {
    const auto asked = ask({entry("name", "shop.example"),
                            entry("type", "MX"),
                            entry("server", "10.0.0.53:5353"),
                            {"expect", {}, list({"10 Mail.Example."})}},
                           answered({{60, "10 mail.example"}}));
    CHECK(asked.request.name == "shop.example");
    CHECK(asked.request.type == 15);
    CHECK(asked.request.server == "10.0.0.53:5353");
    CHECK(asked.request.timeout <= 10s);
    REQUIRE(asked.result);
    const auto& seen = std::get<Reachability>(asked.result->subjects.at(0).evidence.at(0));
    CHECK(seen.state == ReachState::up);
    CHECK(seen.target == "10.0.0.53:5353/shop.example/MX");
    CHECK(ask({entry("name", "192.0.2.7"), entry("type", "PTR")}, answered({})).request.name ==
          "7.2.0.192.in-addr.arpa");
    CHECK(reverse_name("2001:db8::1") == "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
    CHECK(reverse_name("7.2.0.192.in-addr.arpa") == "7.2.0.192.in-addr.arpa");
    // As zone files write them: each name ends with a dot, and that of the root is one.
    const std::pair<const char*, const char*> written[] = {
        {"NS1.Example. Admin.Example. 1 2 3 4 5", "ns1.example admin.example 1 2 3 4 5"}, {"0 .", "0 ."}};
    for (const auto& [value, told] : written) {
        const auto seen_as = ask(
            {entry("name", "shop.example"), entry("type", *told == '0' ? "MX" : "SOA"), {"expect", {}, list({value})}},
            answered({{60, told}}));
        CHECK(std::get<Reachability>(seen_as.result->subjects.at(0).evidence.at(0)).state == ReachState::up);
    }
    // Two ways to write one address.
    CHECK(std::get<Reachability>(
              ask({entry("name", "a.example"), entry("type", "AAAA"), {"expect", {}, list({"2001:DB8:0::1"})}},
                  answered({{1, "2001:db8::1"}}))
                  .result->subjects.at(0)
                  .evidence.at(0))
              .state == ReachState::up);
}

TEST_CASE("not reaching a name server is evidence, not to know how to ask it is not") {
    using enum FailureKind;
    for (const auto kind : {unreachable, timed_out, refused, bad_answer}) {
        const auto asked = ask({entry("name", "a.example")}, core::failed(kind, "no luck"));
        REQUIRE(asked.result);
        const auto& down = std::get<Reachability>(asked.result->subjects.at(0).evidence.at(0));
        CHECK(down == Reachability{.target = "a.example/A", .state = ReachState::down, .detail = "no luck"});
    }
    const auto asked = ask({entry("name", "a.example")}, core::failed(misconfigured, "no name server"));
    REQUIRE_FALSE(asked.result);
    CHECK(asked.result.error().kind == misconfigured);
}

TEST_CASE("every mistake in the options of dns is named") {
    CHECK(mistakes({}) == 1);
    CHECK(mistakes({entry("name", "a"), entry("type", "ANY")}) == 1);
    CHECK(mistakes({entry("name", "a"), entry("server", "10.0.0.53")}) == 1);
    CHECK(mistakes({entry("name", "a"), entry("exact", true)}) == 1);
    CHECK(mistakes({entry("name", "a"), entry("min_answers", std::int64_t{-1})}) == 1);
    CHECK(mistakes({entry("name", "a"), {"expect", {}, list({"mail.example"})}}) == 1);
    CHECK(mistakes({entry("name", "a"), entry("type", "AAAA"), {"expect", {}, list({"192.0.2.1"})}}) == 1);
    CHECK(mistakes({entry("name", "a"), entry("type", "TXT"), {"expect", {}, list({""})}}) == 1);
}

} // namespace recoverd::collectors
