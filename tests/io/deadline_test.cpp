// SPDX-License-Identifier: Apache-2.0
#include "io/deadline.hpp"
#include "tests/support/fake_world.hpp"
#include "tests/support/real_loop.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace recoverd::io {

using namespace std::chrono_literals;
using core::Duration;

namespace {

/// What the task under the deadline does, and what its caller is told.
enum class Deed : std::uint8_t { answer, fail, raise, hang };
enum class Outcome : std::uint8_t { answer, failure, exception, timed_out, cancelled };

struct Case {
    Deed deed;
    Duration takes;
    std::optional<Duration> cancelled_after;
    Outcome outcome;
    Duration ends_by;
};

Task<Result<int>> act(Timers& timers, Deed deed, Duration takes, bool& left) {
    struct Leave {
        bool& left;
        ~Leave() { left = true; }
    } const leave{left};
    const Duration pause = deed == Deed::hang ? Duration{1h} : takes;
    co_await timers.sleep(pause);
    if (deed == Deed::raise)
        throw std::runtime_error("broken");
    if (deed == Deed::fail)
        co_return core::failed(FailureKind::refused, "no");
    co_return 42;
}

Outcome outcome_of(const test::Ended<Result<int>>& ended) {
    if (ended.thrown)
        return is_cancellation(ended.thrown) ? Outcome::cancelled : Outcome::exception;
    if (*ended.value)
        return Outcome::answer;
    return ended.value->error().kind == FailureKind::timed_out ? Outcome::timed_out : Outcome::failure;
}

Task<Result<int>> twice(Timers& timers, Duration outer, Duration inner, bool& left) {
    auto task = with_deadline(timers, inner, act(timers, Deed::hang, 0ms, left), "inner");
    co_return co_await with_deadline(timers, outer, std::move(task), "outer");
}

} // namespace

TEST_CASE("a deadline passes on answers, failures and exceptions at once, and cuts off the rest") {
    const Case c = GENERATE(
        Case{Deed::answer, 1ms, {}, Outcome::answer, 900ms}, Case{Deed::fail, 1ms, {}, Outcome::failure, 900ms},
        Case{Deed::raise, 1ms, {}, Outcome::exception, 900ms}, Case{Deed::hang, 0ms, {}, Outcome::timed_out, 30s},
        Case{Deed::answer, 60s, {}, Outcome::timed_out, 30s}, Case{Deed::hang, 0ms, 20ms, Outcome::cancelled, 900ms},
        Case{Deed::answer, 1ms, 60s, Outcome::answer, 900ms});
    test::RealLoop loop;
    bool left = false;
    auto task = with_deadline(loop.timers, 1s, act(loop.timers, c.deed, c.takes, left));
    const auto ended = loop.run_until_end(std::move(task), c.cancelled_after);
    CHECK(outcome_of(ended) == c.outcome);
    CHECK(ended.took < c.ends_by);
    // Whoever got an answer, nothing goes on behind it.
    CHECK(left);
}

TEST_CASE("a late answer is said in the words of who asked") {
    test::RealLoop loop;
    bool left = false;
    const auto plain = loop.run(with_deadline(loop.timers, 20ms, act(loop.timers, Deed::hang, 0ms, left)));
    CHECK(plain.error() == Failure{FailureKind::timed_out, "no answer within 0.02 s"});
    CHECK(loop.run(twice(loop.timers, 20ms, 1h, left)).error().detail == "outer");
    CHECK(loop.run(twice(loop.timers, 1h, 20ms, left)).error().detail == "inner");
}

TEST_CASE("deadlines follow the world's clock") {
    asio::io_context ioc;
    test::FakeTimers timers{ioc};
    bool left = false;
    const auto result = test::run(ioc, timers, with_deadline(timers, 30min, act(timers, Deed::hang, 0ms, left)));
    CHECK(result.error().kind == FailureKind::timed_out);
    CHECK(timers.elapsed() == 30min);
}

TEST_CASE("the real clock goes on and sleeps about as long as told") {
    test::RealLoop loop;
    const RealTimers& timers = loop.timers;
    const Duration before = timers.elapsed();
    bool left = false;
    CHECK(loop.run(act(loop.timers, Deed::answer, 30ms, left)) == 42);
    CHECK(timers.elapsed() - before >= 29ms);
    CHECK(timers.elapsed() - before < 30s);
    CHECK(timers.now() > core::from_unix_seconds(1'700'000'000));
    CHECK(loop.run(act(loop.timers, Deed::answer, -1h, left)) == 42);
}

} // namespace recoverd::io
