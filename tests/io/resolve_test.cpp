// SPDX-License-Identifier: Apache-2.0
// Names that hang, flip or do not exist: the C library's resolver is replaced for the whole test program.
#include "io/resolve.hpp"
#include "tests/io/fake_names.hpp"
#include "tests/io/no_threads.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>

namespace recoverd::io {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Addresses = Result<std::vector<std::string>>;

template <class T>
T wait_for(Task<T> task) {
    asio::io_context ioc;
    std::optional<T> result;
    asio::co_spawn(ioc, std::move(task), [&](std::exception_ptr error, T value) {
        REQUIRE_FALSE(error);
        result = std::move(value);
    });
    ioc.run();
    REQUIRE(result);
    return std::move(*result);
}

Task<void> resolve_into(std::string host, core::Duration timeout, std::vector<Addresses>& out) {
    auto answer = co_await resolve(std::move(host), timeout);
    out.push_back(std::move(answer));
}

/// So many names that begin alike and take this long to have no address.
std::vector<std::string> fail_late(test::FakeNames& names, const std::string& beginning, int count,
                                   core::Duration after) {
    std::vector<std::string> late;
    for (int i = 0; i < count; ++i) {
        late.push_back(beginning + std::to_string(i) + ".test");
        names.fail_late(late.back(), after);
    }
    return late;
}

} // namespace

TEST_CASE("a numeric address is its own answer and asks nobody") {
    const int before = test::FakeNames::asked();
    CHECK(wait_for(resolve("127.0.0.1", 1s)) == std::vector<std::string>{"127.0.0.1"});
    CHECK(wait_for(resolve("::1", 1s)) == std::vector<std::string>{"::1"});
    CHECK(test::FakeNames::asked() == before);
}

TEST_CASE("localhost resolves") {
    const auto answer = wait_for(resolve("localhost", 5s));
    REQUIRE(answer);
    CHECK_FALSE(answer->empty());
}

TEST_CASE("a name that does not exist is unreachable, and the failure names it") {
    const test::FakeNames names;
    const auto answer = wait_for(resolve("missing.test", 5s));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == FailureKind::unreachable);
    CHECK(answer.error().detail.contains("'missing.test'"));
}

TEST_CASE("what is no name is not asked for") {
    const int before = test::FakeNames::asked();
    for (const std::string& name : {std::string{}, std::string{"a b"}, std::string("a\0b", 3), std::string(300, 'a')}) {
        const auto answer = wait_for(resolve(name, 1s));
        REQUIRE_FALSE(answer);
        CHECK(answer.error().kind == FailureKind::unreachable);
    }
    CHECK(test::FakeNames::asked() == before);
}

TEST_CASE("a name that hangs times its caller out and delays no other name") {
    test::FakeNames names;
    names.hang("hangs.test");
    names.add("quick.test", "127.0.0.1");
    asio::io_context ioc;
    std::vector<Addresses> hung;
    std::vector<Addresses> quick;
    asio::co_spawn(ioc, resolve_into("hangs.test", 300ms, hung), asio::detached);
    asio::co_spawn(ioc, resolve_into("quick.test", 5s, quick), asio::detached);
    const auto began = Clock::now();
    ioc.run_for(200ms);
    REQUIRE(quick.size() == 1);
    CHECK(quick[0]);
    CHECK(hung.empty());
    ioc.run();
    REQUIRE(hung.size() == 1);
    REQUIRE_FALSE(hung[0]);
    CHECK(hung[0].error().kind == FailureKind::timed_out);
    CHECK(Clock::now() - began < 2s);
}

TEST_CASE("any number of callers of a name share one query") {
    test::FakeNames names;
    names.add("shared.test", "127.0.0.7", 100ms);
    const int before = test::FakeNames::asked();
    asio::io_context ioc;
    std::vector<Addresses> answers;
    for (int i = 0; i < 50; ++i)
        asio::co_spawn(ioc, resolve_into("shared.test", 5s, answers), asio::detached);
    ioc.run();
    REQUIRE(answers.size() == 50);
    for (const auto& answer : answers)
        CHECK(answer == std::vector<std::string>{"127.0.0.7"});
    // A moment later the answer is still known.
    CHECK(wait_for(resolve("shared.test", 5s)) == std::vector<std::string>{"127.0.0.7"});
    CHECK(test::FakeNames::asked() == before + 1);
}

TEST_CASE("a failure to resolve is not remembered") {
    test::FakeNames names;
    CHECK_FALSE(wait_for(resolve("later.test", 5s)));
    names.add("later.test", "127.0.0.1");
    CHECK(wait_for(resolve("later.test", 5s)));
}

TEST_CASE("a cancelled caller leaves at once, and the answer that comes later finds nobody") {
    test::FakeNames names;
    names.add("late.test", "127.0.0.1", 300ms);
    const auto began = Clock::now();
    {
        asio::io_context ioc;
        std::vector<Addresses> answers;
        asio::cancellation_signal cancel;
        bool aborted = false;
        asio::co_spawn(
            ioc, resolve_into("late.test", 10s, answers),
            asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr error) { aborted = !!error; }));
        ioc.run_for(50ms);
        cancel.emit(asio::cancellation_type::all);
        ioc.run();
        CHECK(aborted);
        CHECK(answers.empty());
        CHECK(Clock::now() - began < 250ms);
    }
    // The loop is gone; the query ends after it.
    CHECK(wait_for(resolve("late.test", 5s)));
}

TEST_CASE("a loop that ends while a name hangs is not touched afterwards") {
    test::FakeNames names;
    names.add("orphan.test", "127.0.0.1", 200ms);
    {
        asio::io_context ioc;
        std::vector<Addresses> answers;
        asio::co_spawn(ioc, resolve_into("orphan.test", 10s, answers), asio::detached);
        ioc.run_for(20ms);
    }
    CHECK(wait_for(resolve("orphan.test", 5s)));
}

TEST_CASE("names that were slow before cannot take all threads") {
    test::FakeNames names;
    const auto slow = fail_late(names, "slow", 8, 1100ms);
    names.add("healthy.test", "127.0.0.1");
    asio::io_context ioc;
    std::vector<Addresses> answers;
    for (const auto& name : slow)
        asio::co_spawn(ioc, resolve_into(name, 20s, answers), asio::detached);
    ioc.run();
    REQUIRE(answers.size() == slow.size());

    for (const auto& name : slow)
        asio::co_spawn(ioc, resolve_into(name, 20s, answers), asio::detached);
    ioc.restart();
    ioc.run_for(50ms);
    const auto began = Clock::now();
    CHECK(wait_for(resolve("healthy.test", 5s)));
    CHECK(Clock::now() - began < 1s);
    // The other half had to wait its turn, and got it.
    ioc.run();
    CHECK(answers.size() == 2 * slow.size());
    CHECK(Clock::now() - began > 1500ms);
}

TEST_CASE("names that hang for the first time, however many, do not hold up those of others for long") {
    test::FakeNames names;
    const auto dead = fail_late(names, "dead", 30, 3500ms);
    names.add("alive.test", "127.0.0.1");
    asio::io_context ioc;
    std::vector<Addresses> answers;
    std::vector<Addresses> alive;
    for (const auto& name : dead)
        asio::co_spawn(ioc, resolve_into(name, 20s, answers), asio::detached);
    asio::co_spawn(ioc, resolve_into("alive.test", 20s, alive), asio::detached);
    const auto began = Clock::now();
    while (alive.empty() && Clock::now() - began < 20s)
        ioc.run_one_for(100ms);
    REQUIRE(alive.size() == 1);
    CHECK(alive[0]);
    CHECK(Clock::now() - began < 3s);
    ioc.run();
    CHECK(answers.size() == dead.size());
}

TEST_CASE("where no thread can be started, a name that nobody could ask for is a shortage of our own") {
    test::FakeNames names;
    names.add("unasked.test", "127.0.0.1");
    asio::io_context ioc;
    std::vector<Addresses> hung;
    std::vector<Addresses> unasked;
    // As many as there are ever threads: whatever earlier tests left of these asks for them, and longer.
    for (int i = 0; i < 64; ++i) {
        const std::string name = "taking" + std::to_string(i) + ".test";
        names.hang(name);
        asio::co_spawn(ioc, resolve_into(name, 2s, hung), asio::detached);
    }
    asio::co_spawn(ioc, resolve_into("unasked.test", 1500ms, unasked), asio::detached);
    {
        const test::NoThreads none;
        ioc.run();
    }
    REQUIRE(hung.size() == 64);
    REQUIRE(unasked.size() == 1);
    REQUIRE_FALSE(unasked[0]);
    CHECK(unasked[0].error() == Failure{FailureKind::misconfigured,
                                        "cannot resolve 'unasked.test': no thread was free to ask within 1500 ms"});
    CHECK(wait_for(resolve("unasked.test", 5s)));
}

TEST_CASE("SRV records come by priority, then by weight") {
    test::FakeNames names;
    names.add_service("_am._tcp.test", {20, 1, 9095, "c.test"});
    names.add_service("_am._tcp.test", {10, 1, 9094, "b.test"});
    names.add_service("_am._tcp.test", {10, 5, 9093, "a.test"});
    const auto answer = wait_for(resolve_services("_am._tcp.test", 5s));
    REQUIRE(answer);
    REQUIRE(answer->size() == 3);
    CHECK((*answer)[0].host == "a.test");
    CHECK((*answer)[0].port == 9093);
    CHECK((*answer)[1].host == "b.test");
    CHECK((*answer)[2].host == "c.test");
}

TEST_CASE("a service that is decidedly not offered, or not known at all, has no places") {
    test::FakeNames names;
    names.add_service("_off._tcp.test", {0, 0, 0, "."});
    CHECK(wait_for(resolve_services("_off._tcp.test", 5s)).value().empty());
    CHECK(wait_for(resolve_services("_none._tcp.test", 5s)).value().empty());
}

TEST_CASE("a truncated reply about services is a failure, not an empty list") {
    test::FakeNames names;
    names.add_service("_cut._tcp.test", {0, 0, 80, "a.test"});
    names.truncate_replies(9);
    const auto answer = wait_for(resolve_services("_cut._tcp.test", 5s));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == FailureKind::unreachable);
}

} // namespace recoverd::io
