// SPDX-License-Identifier: Apache-2.0
#include "io/blocking_pool.hpp"
#include "io/deadline.hpp"
#include "tests/io/no_threads.hpp"
#include "tests/support/real_loop.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fmt/format.h>

#include <atomic>
#include <condition_variable>
#include <latch>

namespace recoverd::io {

using namespace std::chrono_literals;
using core::Duration;

namespace {

/// Stands for a system call that hangs until a test lets it go.
class Gate {
  public:
    void wait() {
        std::unique_lock lock{mutex_};
        ++came_;
        opened_.wait(lock, [&] { return open_; });
    }
    void open() {
        const std::lock_guard lock{mutex_};
        open_ = true;
        opened_.notify_all();
    }
    int came() {
        const std::lock_guard lock{mutex_};
        return came_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable opened_;
    bool open_ = false;
    int came_ = 0;
};

Task<Result<int>> answer_of(BlockingPool& pool, std::function<int()> function) {
    co_return co_await run_blocking(pool, std::move(function));
}

Task<Result<int>> answer_about(BlockingPool& pool, std::string about, std::function<Result<int>()> function) {
    auto asking = run_unless_hung(pool, std::move(function), std::move(about));
    co_return co_await std::move(asking);
}

/// Asks what hangs, and leaves once it does.
void leave_hanging(test::RealLoop& loop, BlockingPool& pool, const std::string& about,
                   const std::shared_ptr<Gate>& gate) {
    const int before = gate->came();
    bool over = false;
    asio::cancellation_signal cancel;
    auto hangs = answer_about(pool, about, [gate]() -> Result<int> {
        gate->wait();
        return 1;
    });
    asio::co_spawn(loop.ioc, std::move(hangs),
                   asio::bind_cancellation_slot(cancel.slot(),
                                                [&](const std::exception_ptr&, const Result<int>&) { over = true; }));
    loop.ioc.restart();
    for (int i = 0; gate->came() == before && i < 2'000; ++i)
        loop.ioc.run_for(5ms);
    REQUIRE(gate->came() == before + 1);
    cancel.emit(asio::cancellation_type::terminal);
    for (int i = 0; !over && i < 20; ++i)
        loop.ioc.run_one_for(1s);
    REQUIRE(over);
}

/// What takes longer than that hangs.
constexpr auto kSlow = 1100ms;

/// Until all calls have ended.
void rest(const BlockingPool& pool) {
    for (int i = 0; pool.busy() > 0 && i < 2'000; ++i)
        std::this_thread::sleep_for(5ms);
    REQUIRE(pool.busy() == 0);
}

Task<bool> many(BlockingPool& pool, std::thread::id loop) {
    bool right = true;
    for (int i = 0; i < 1000; ++i) {
        auto call = [i] { return std::pair{i, std::this_thread::get_id()}; };
        const auto [value, thread] = co_await run_blocking(pool, std::move(call));
        right = right && value == i && thread != loop && std::this_thread::get_id() == loop;
    }
    co_return right;
}

} // namespace

TEST_CASE("a blocking call runs on another thread and its caller goes on where it was") {
    test::RealLoop loop;
    CHECK(loop.run(many(loop.pool, std::this_thread::get_id())));
}

TEST_CASE("what a blocking call throws reaches its caller") {
    test::RealLoop loop;
    auto task = answer_of(loop.pool, []() -> int { throw std::runtime_error("no such device"); });
    CHECK_THROWS_AS(loop.run(std::move(task)), std::runtime_error);
    CHECK(loop.run(answer_of(loop.pool, [] { return 7; })) == 7);
}

TEST_CASE("the caller of a call that hangs leaves in time, and the pool serves others") {
    const auto gate = std::make_shared<Gate>();
    test::RealLoop loop;
    auto hangs = answer_of(loop.pool, [gate] {
        gate->wait();
        return 1;
    });
    const auto late = loop.run(with_deadline(loop.timers, 500ms, std::move(hangs)));
    CHECK(late.error().kind == FailureKind::timed_out);
    CHECK(loop.pool.busy() == 1);
    CHECK(loop.run(answer_of(loop.pool, [] { return 2; })) == 2);
    gate->open();
}

TEST_CASE("more calls may hang than there are threads, and others are served") {
    const auto gate = std::make_shared<Gate>();
    test::RealLoop loop;
    BlockingPool pool{2, 8};
    for (int i = 0; i < 8; ++i)
        leave_hanging(loop, pool, fmt::format("file '{}'", i), gate);
    CHECK(pool.busy() == 8);
    for (int i = 0; i < 10; ++i)
        CHECK(loop.run(answer_about(pool, "file 'well'", [] { return Result<int>{2}; })) == 2);
    gate->open();
    rest(pool);
    CHECK(loop.run(answer_about(pool, "file '0'", [] { return Result<int>{3}; })) == 3);
}

TEST_CASE("of what hangs nobody asks again before it has ended") {
    const auto gate = std::make_shared<Gate>();
    test::RealLoop loop;
    BlockingPool pool{2, 8};
    leave_hanging(loop, pool, "file 'x'", gate);
    std::this_thread::sleep_for(kSlow);
    for (int i = 0; i < 10; ++i) {
        const auto refused = loop.run(answer_about(pool, "file 'x'", [] { return Result<int>{2}; }));
        REQUIRE_FALSE(refused);
        CHECK(refused.error() ==
              Failure{FailureKind::timed_out, "expected an answer about file 'x', found an earlier call hanging"});
    }
    CHECK(pool.busy() == 1);
    gate->open();
    rest(pool);
    CHECK(loop.run(answer_about(pool, "file 'x'", [] { return Result<int>{2}; })) == 2);
}

TEST_CASE("when every thread hangs and none may be replaced, that is said at once") {
    const auto gate = std::make_shared<Gate>();
    test::RealLoop loop;
    BlockingPool pool{2, 1};
    for (const char* about : {"file 'a'", "file 'b'", "file 'c'"})
        leave_hanging(loop, pool, about, gate);
    std::this_thread::sleep_for(kSlow);
    const auto refused = loop.run(answer_about(pool, "file 'd'", [] { return Result<int>{2}; }));
    REQUIRE_FALSE(refused);
    CHECK(refused.error() ==
          Failure{FailureKind::timed_out, "expected an answer about file 'd', found 3 other calls hanging"});
    gate->open();
    rest(pool);
    CHECK(loop.run(answer_about(pool, "file 'd'", [] { return Result<int>{2}; })) == 2);
}

TEST_CASE("where no thread can be started, a call that hangs keeps its place, and others are served by what is left") {
    const auto gate = std::make_shared<Gate>();
    test::RealLoop loop;
    BlockingPool pool{2, 8};
    {
        const test::NoThreads none;
        leave_hanging(loop, pool, "file 'a'", gate);
        CHECK(loop.run(answer_about(pool, "file 'b'", [] { return Result<int>{2}; })) == 2);
        leave_hanging(loop, pool, "file 'c'", gate);
    }
    std::this_thread::sleep_for(kSlow);
    const auto refused = loop.run(answer_about(pool, "file 'd'", [] { return Result<int>{2}; }));
    REQUIRE_FALSE(refused);
    CHECK(refused.error() ==
          Failure{FailureKind::timed_out, "expected an answer about file 'd', found 2 other calls hanging"});
    gate->open();
    rest(pool);
    CHECK(loop.run(answer_about(pool, "file 'd'", [] { return Result<int>{2}; })) == 2);
}

TEST_CASE("a call whose caller left before its turn is never made") {
    const auto gate = std::make_shared<Gate>();
    const auto made = std::make_shared<std::atomic<bool>>(false);
    test::RealLoop loop;
    BlockingPool one{1};
    auto hangs = answer_of(one, [gate] {
        gate->wait();
        return 1;
    });
    CHECK_FALSE(loop.run(with_deadline(loop.timers, 500ms, std::move(hangs))));
    auto waits = answer_of(one, [made] {
        *made = true;
        return 2;
    });
    CHECK(is_cancellation(loop.run_until_end(std::move(waits), 20ms).thrown));
    CHECK(one.queued() == 1);
    gate->open();
    CHECK(loop.run(answer_of(one, [] { return 3; })) == 3);
    CHECK_FALSE(*made);
}

TEST_CASE("neither a pool nor a loop waits at its end for a call that hangs") {
    const auto gate = std::make_shared<Gate>();
    const auto finished = std::make_shared<std::latch>(1);
    const auto began = std::chrono::steady_clock::now();
    {
        test::RealLoop loop;
        asio::co_spawn(loop.ioc,
                       answer_of(loop.pool,
                                 [gate, finished] {
                                     gate->wait();
                                     finished->count_down();
                                     return 1;
                                 }),
                       [](const std::exception_ptr&, const Result<int>&) {});
        for (int i = 0; loop.pool.busy() == 0 && i < 500; ++i)
            loop.ioc.run_for(10ms);
        CHECK(loop.pool.busy() == 1);
    }
    CHECK(std::chrono::steady_clock::now() - began < 10s);
    gate->open();
    finished->wait();
}

} // namespace recoverd::io
