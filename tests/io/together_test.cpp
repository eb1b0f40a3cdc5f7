// SPDX-License-Identifier: Apache-2.0
#include "io/together.hpp"
#include "tests/support/fake_world.hpp"
#include "tests/support/real_loop.hpp"

#include <catch2/catch_test_macros.hpp>

namespace recoverd::io {

using namespace std::chrono_literals;

namespace {

Task<void> last(Timers& timers, core::Duration duration, int& left, bool raise = false) {
    struct Leave {
        int& left;
        ~Leave() { ++left; }
    } const leave{left};
    co_await timers.sleep(duration);
    if (raise)
        throw std::runtime_error("broken");
}

} // namespace

TEST_CASE("tasks together end with the first of them, and all of them are left") {
    asio::io_context loop;
    test::FakeTimers timers{loop};
    int left = 0;
    std::exception_ptr thrown;
    bool ended = false;
    asio::cancellation_signal cancel;
    const auto start = [&](bool raise) {
        asio::co_spawn(loop, together(last(timers, 1h, left), last(timers, 5s, left, raise), last(timers, 2h, left)),
                       asio::bind_cancellation_slot(cancel.slot(), [&](const std::exception_ptr& error) {
                           thrown = error;
                           ended = true;
                       }));
        timers.advance(1s);
        CHECK_FALSE(ended);
    };

    SECTION("normally") {
        start(false);
        timers.advance(4s);
        CHECK(ended);
        CHECK_FALSE(thrown);
    }
    SECTION("by an exception, which is thrown on") {
        start(true);
        timers.advance(4s);
        CHECK(ended);
        CHECK_THROWS_AS(std::rethrow_exception(thrown), std::runtime_error);
    }
    SECTION("by being cancelled, which is told as a cancellation") {
        start(false);
        cancel.emit(asio::cancellation_type::terminal);
        timers.advance(0s);
        CHECK(ended);
        CHECK(is_cancellation(thrown));
    }
    CHECK(left == 3);
}

} // namespace recoverd::io
