// SPDX-License-Identifier: Apache-2.0
#include "exporters/peer_clock.hpp"
#include "tests/support/fake_world.hpp"

#include <catch2/catch_test_macros.hpp>

#include <asio/io_context.hpp>
#include <fmt/format.h>

#include <array>

using namespace recoverd;
using namespace recoverd::exporters;
using namespace std::chrono_literals;

namespace {

/// As a server whose clock shows this writes it.
std::string date(core::Time at) {
    const auto days = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day day{days};
    const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(at - days)};
    static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return fmt::format("Sun, {:02} {} {} {:02}:{:02}:{:02} GMT", static_cast<unsigned>(day.day()),
                       kMonths.at(static_cast<unsigned>(day.month()) - 1), static_cast<int>(day.year()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

} // namespace

TEST_CASE("nothing is added for a clock of which nothing is known, or that agrees within seconds") {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    PeerClock clock{world.timers()};
    CHECK(clock.ahead() == 0ms);
    clock.answered("no date", 0ms);
    CHECK(clock.ahead() == 0ms);
    clock.answered(date(world.timers().now() - 3s), 0ms);
    CHECK(clock.ahead() == 0ms);
}

TEST_CASE("their time stays right when our clock jumps, before they have answered again") {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    PeerClock clock{world.timers()};
    const core::Time theirs = world.timers().now();
    clock.answered(date(theirs), 0ms);
    world.timers().jump(-365 * 24h);
    CHECK(clock.ahead() + world.timers().now() - theirs < 1s);
    CHECK(clock.ahead() > 364 * 24h);
    CHECK(clock.take_jump() == -365 * 24h);
    CHECK(clock.take_jump() == 0ms);
    // An answer that was a second on its way moves nothing.
    const core::Duration before = clock.ahead();
    clock.answered(date(theirs + 1s), 0ms);
    CHECK(clock.ahead() == before);
}

TEST_CASE("an answer that was long on its way is of no other clock, one that is an hour off is") {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    PeerClock clock{world.timers()};
    const std::string written = date(world.timers().now());
    world.timers().advance(9s);
    clock.answered(written, 0ms);
    CHECK(clock.ahead() == 0ms);
    clock.answered(date(world.timers().now() - 1h), 0ms);
    CHECK(clock.ahead() < -59min);
    // And of that one more is known once it answers at once.
    clock.answered(date(world.timers().now() - 1h), 9s);
    CHECK(std::chrono::abs(clock.ahead() + 1h) <= 1s);
}
