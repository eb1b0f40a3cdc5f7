// SPDX-License-Identifier: Apache-2.0
#include "collectors/icmp.hpp"
#include "tests/collectors/one_look.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>

namespace recoverd::collectors {

namespace {

using core::Measurement;
using core::Reachability;
using core::ReachState;
using core::config::Table;
using namespace std::chrono_literals;
using test::entry;

io::Pinged pinged(unsigned sent, std::vector<std::chrono::microseconds> trips, std::string trouble = {}) {
    return {"192.0.2.1", sent, std::move(trips), std::move(trouble)};
}

Reachability judged(IcmpExpectations expected, const io::Pinged& pinged) {
    expected.target = "db1";
    return std::get<Reachability>(interpret_icmp(expected, pinged).at(0));
}

Collected look(const Table& options, core::Result<io::Pinged> answer, io::PingRequest* request = nullptr) {
    asio::io_context ioc;
    test::FakeWorld world(ioc);
    world.on_ping = [&](const io::PingRequest& asked) {
        if (request)
            *request = asked;
        return answer;
    };
    return test::look(ioc, world, "icmp", options, "", 10s, 0s);
}

std::size_t mistakes(const Table& options) { return test::mistakes("icmp", options).size(); }

} // namespace

TEST_CASE("a host that answers every echo is up, with its average round trip and no loss") {
    CHECK(interpret_icmp({.target = "db1"}, pinged(2, {1'000us, 3'000us})) ==
          std::vector<Evidence>{Reachability{.target = "db1", .state = ReachState::up, .latency = 2ms},
                                Measurement{.name = "round_trip", .value = 0.002, .unit = "seconds"},
                                Measurement{.name = "packet_loss", .value = 0, .unit = "ratio"}});
}

TEST_CASE("a host that answers none is down, in the words of the network where it has some") {
    const auto evidence = interpret_icmp({.target = "db1"}, pinged(3, {}));
    REQUIRE(evidence.size() == 2);
    CHECK(std::get<Reachability>(evidence[0]) ==
          Reachability{.target = "db1", .state = ReachState::down, .detail = "3 of 3 echoes to 192.0.2.1 lost"});
    CHECK(std::get<Measurement>(evidence[1]).value == 1);
    CHECK(judged({.loss = 1}, pinged(3, {}, "No route to host")).detail ==
          "3 of 3 echoes to 192.0.2.1 lost: No route to host");
    CHECK(judged({.loss = 1}, pinged(0, {})).state == ReachState::down); // time was over before the first
}

TEST_CASE("more loss than allowed is degraded, and less is up") {
    CHECK(judged({.loss = 0.2}, pinged(5, {1ms, 1ms, 1ms, 1ms})).state == ReachState::up);
    const auto degraded = judged({.loss = 0.2}, pinged(5, {1ms, 1ms, 1ms}));
    CHECK(degraded.state == ReachState::degraded);
    CHECK(degraded.latency == 1ms);
    CHECK(degraded.detail == "2 of 5 echoes to 192.0.2.1 lost, a share of 0.2 allowed");
    CHECK(judged({.loss = 1}, pinged(5, {1ms})).state == ReachState::up);
}

TEST_CASE("round trips slower than allowed are degraded") {
    CHECK(judged({.slow = 5ms}, pinged(1, {5ms})).state == ReachState::up);
    const auto slow = judged({.slow = 5ms}, pinged(2, {4ms, 40ms}));
    CHECK(slow.state == ReachState::degraded);
    CHECK(slow.detail == "round trips of 22 ms, 5ms allowed");
}

TEST_CASE("who may not ping knows nothing: a failure with what to grant, and neither up nor down") {
    const auto denied = look({entry("address", "db1")}, core::failed(FailureKind::misconfigured, "may not ping: …"));
    REQUIRE_FALSE(denied);
    CHECK(denied.error().kind == FailureKind::misconfigured);
    CHECK(denied.error().detail == "may not ping: …");
}

TEST_CASE("a name that has no address is a host that is down") {
    const auto down = look({entry("address", "db1")}, core::failed(FailureKind::unreachable, "cannot resolve 'db1'"));
    REQUIRE(down);
    CHECK(std::get<Reachability>(down->subjects.at(0).evidence.at(0)) ==
          Reachability{.target = "db1", .state = ReachState::down, .detail = "cannot resolve 'db1'"});
}

TEST_CASE("what is sent is what the options say") {
    io::PingRequest asked;
    REQUIRE(look({entry("address", "::1"), entry("count", std::int64_t{2}), entry("interval", "50ms")},
                 pinged(2, {1ms, 1ms}), &asked));
    CHECK(asked.host == "::1");
    CHECK(asked.count == 2);
    CHECK(asked.interval == 50ms);
    CHECK(asked.timeout == 10s);
}

TEST_CASE("every mistake in the options of icmp is named") {
    CHECK(mistakes({}) == 1);
    CHECK(mistakes({entry("address", "a"), entry("count", std::int64_t{0})}) == 1);
    CHECK(mistakes({entry("address", "a"), entry("count", std::int64_t{21})}) == 1);
    CHECK(mistakes({entry("address", "a"), entry("loss", 1.1)}) == 1);
    CHECK(mistakes({entry("address", "a"), entry("interval", "2s")}) == 1);
}

} // namespace recoverd::collectors
