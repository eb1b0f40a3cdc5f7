// SPDX-License-Identifier: Apache-2.0
#include "io/deadline.hpp"
#include "io/limits.hpp"
#include "io/real_timers.hpp"
#include "tests/support/fake_world.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <catch2/catch_test_macros.hpp>

#include <map>

namespace recoverd::io {

using namespace std::chrono_literals;
using core::Duration;

namespace {

/// Some coroutines that hold a slot for a while, and the order in which they got it.
struct Queue {
    asio::io_context ioc;
    test::FakeTimers timers{ioc};
    std::vector<int> served;
    std::size_t most = 0;
    std::map<int, asio::cancellation_signal> cancels;
    std::map<int, bool> cancelled;

    static Task<void> hold(Queue& queue, Limit limit, int number, Trust trust, Duration duration) {
        const auto slot = co_await limit.acquire(trust);
        queue.served.push_back(number);
        queue.most = std::max(queue.most, limit.taken());
        co_await queue.timers.sleep(duration);
    }
    void add(const Limit& limit, int number, Trust trust = Trust::good, Duration duration = 10s) {
        asio::co_spawn(ioc, hold(*this, limit, number, trust, duration),
                       asio::bind_cancellation_slot(cancels[number].slot(), [this, number](std::exception_ptr thrown) {
                           cancelled[number] = thrown && is_cancellation(thrown);
                       }));
        settle();
    }
    void cancel(int number) {
        cancels[number].emit(asio::cancellation_type::terminal);
        settle();
    }
    void settle() { timers.advance(0ms); }
};

Task<void> hold_long(Timers& timers, Limit limit) {
    const auto slot = co_await limit.acquire();
    co_await timers.sleep(1h);
}

} // namespace

TEST_CASE("no more run at once than there are slots, first come first served") {
    Queue queue;
    Limit limit{2};
    for (int i = 0; i < 6; ++i)
        queue.add(limit, i);
    CHECK(queue.served == std::vector{0, 1});
    CHECK(limit.waiting() == 4);
    queue.timers.advance(1min);
    CHECK(queue.served == std::vector{0, 1, 2, 3, 4, 5});
    CHECK(queue.most == 2);
    CHECK(limit.taken() == 0);
    CHECK(limit.waiting() == 0);
}

TEST_CASE("whoever stops waiting takes no slot with it") {
    Queue queue;
    Limit limit{1};
    for (int i = 0; i < 4; ++i)
        queue.add(limit, i);
    queue.cancel(1);
    CHECK(queue.cancelled[1]);
    CHECK(limit.waiting() == 2);
    queue.timers.advance(1min);
    CHECK(queue.served == std::vector{0, 2, 3});
    CHECK(limit.taken() == 0);
}

TEST_CASE("whoever is cancelled while holding a slot gives it back at once") {
    Queue queue;
    Limit limit{1};
    queue.add(limit, 0, Trust::good, 24h);
    queue.add(limit, 1);
    queue.cancel(0);
    CHECK(queue.served == std::vector{0, 1});
    queue.timers.advance(1min);
    CHECK(limit.taken() == 0);
}

TEST_CASE("a slot that was granted to somebody just cancelled goes to the next") {
    Queue queue;
    Limit limit{1};
    for (int i = 0; i < 3; ++i)
        queue.add(limit, i, Trust::good, i == 0 ? 24h : 10s);
    // Both before the loop moves: 0 lets go, the slot is 1's, and 1 is cancelled before it wakes up.
    queue.cancels[0].emit(asio::cancellation_type::terminal);
    queue.cancels[1].emit(asio::cancellation_type::terminal);
    queue.timers.advance(1min);
    CHECK(limit.taken() == 0);
    CHECK(limit.waiting() == 0);
    CHECK(queue.served.back() == 2);
}

TEST_CASE("suspects hold at most half of the slots and let others pass") {
    Queue queue;
    Limit limit{4};
    for (int i = 0; i < 4; ++i)
        queue.add(limit, i, Trust::suspect, 1h);
    CHECK(queue.served == std::vector{0, 1});
    queue.add(limit, 10);
    queue.add(limit, 11, Trust::good, 1h);
    CHECK(queue.served == std::vector{0, 1, 10, 11});
    queue.add(limit, 12);
    queue.timers.advance(1min);
    CHECK(queue.served == std::vector{0, 1, 10, 11, 12});
    queue.timers.advance(3h);
    CHECK(queue.served == std::vector{0, 1, 10, 11, 12, 2, 3});
    CHECK(limit.taken() == 0);
}

TEST_CASE("a single slot serves a suspect too") {
    Queue queue;
    Limit limit{0};
    queue.add(limit, 0, Trust::suspect);
    queue.add(limit, 1, Trust::suspect);
    queue.timers.advance(1min);
    CHECK(queue.served == std::vector{0, 1});
}

TEST_CASE("a loop that is torn down before its limit, or after it, leaves nothing") {
    auto limit = std::make_unique<Limit>(1);
    RealTimers timers;
    {
        asio::io_context ioc;
        for (int i = 0; i < 3; ++i)
            asio::co_spawn(ioc, hold_long(timers, *limit), asio::detached);
        ioc.poll();
        CHECK(limit->taken() == 1);
        CHECK(limit->waiting() == 2);
    }
    CHECK(limit->taken() == 0);
    CHECK(limit->waiting() == 0);
    asio::io_context ioc;
    for (int i = 0; i < 3; ++i)
        asio::co_spawn(ioc, hold_long(timers, *limit), asio::detached);
    ioc.poll();
    limit.reset();
}

} // namespace recoverd::io
