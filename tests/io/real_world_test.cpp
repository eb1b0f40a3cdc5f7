// SPDX-License-Identifier: Apache-2.0
// That the parts are joined rightly, and that a dead file system stops nobody but who asked for it. What the parts do
// is tested beside each of them.
#include "io/deadline.hpp"
#include "io/real_world.hpp"
#include "tests/io/slow_calls.hpp"
#include "tests/support/real_loop.hpp"

#include <asio/detached.hpp>

#include <catch2/catch_test_macros.hpp>

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

namespace recoverd::io {

using namespace std::chrono_literals;
using core::Duration;
using core::config::SecretRef;

namespace {

struct Script {
    std::string path = "/tmp/recoverd-worker-XXXXXX";

    explicit Script(const std::string& text) {
        ::close(::mkstemp(path.data()));
        std::ofstream{path} << "#!/bin/sh\n" << text;
        ::chmod(path.c_str(), 0700);
    }
    ~Script() { std::filesystem::remove(path); }
    Script(const Script&) = delete;
    Script& operator=(const Script&) = delete;
};

/// Plain connections are tested beside their own part.
struct Joined final : RealWorld {
    using RealWorld::RealWorld;

    Task<Result<Connected>> connect(ConnectRequest request) override {
        co_return core::failed(FailureKind::unreachable, request.address);
    }
};

/// The longest time for which the loop did nothing else.
struct LoopLag {
    Duration longest{0};
    bool stop = false;

    static Task<void> watch(Timers& timers, LoopLag& lag) {
        while (!lag.stop) {
            const Duration before = timers.elapsed();
            co_await timers.sleep(2ms);
            lag.longest = std::max(lag.longest, timers.elapsed() - before - 2ms);
        }
    }
};

} // namespace

TEST_CASE("neither the worker nor a program finds a withheld variable in its environment") {
    const Script program{"echo \"${RECOVERD_TEST_SECRET-unset}\""};
    test::RealLoop loop;
    Joined world{loop.ioc, {.worker_path = program.path}};
    ::setenv("RECOVERD_TEST_SECRET", "canary", 1);
    world.withhold({"RECOVERD_TEST_SECRET"});
    CHECK(loop.run(world.worker("walk", "", 10s))->out == "unset\n");
    io::Command command;
    command.argv = {program.path};
    CHECK(loop.run(world.run(std::move(command)))->out == "unset\n");
    ::unsetenv("RECOVERD_TEST_SECRET");
}

TEST_CASE("the worker is run with its job as argument and its input on stdin") {
    const Script worker{"echo \"job $1\"; cat"};
    test::RealLoop loop;
    Joined world{loop.ioc, {.worker_path = worker.path}};
    const auto finished = loop.run(world.worker("walk", "{\"path\":\"/b\"}", 10s));
    REQUIRE(finished);
    CHECK(finished->out == "job walk\n{\"path\":\"/b\"}");
    CHECK(loop.run(world.worker("walk", "", 0ms)).error().kind == FailureKind::timed_out);
}

TEST_CASE("a worker may tell of a thousand series") {
    constexpr std::size_t kBytes = std::size_t{50} << 20U;
    const Script worker{fmt::format("head -c {} /dev/zero", kBytes)};
    test::RealLoop loop;
    Joined world{loop.ioc, {.worker_path = worker.path}};
    const auto finished = loop.run(world.worker("files", "", 30s));
    REQUIRE(finished);
    CHECK(finished->out.size() == kBytes);
}

TEST_CASE("a worker that is not installed is a mistake of the configuration") {
    test::RealLoop loop;
    Joined world{loop.ioc, {.worker_path = "/no/worker"}};
    CHECK(loop.run(world.worker("walk", "", 10s)).error().kind == FailureKind::misconfigured);
}

TEST_CASE("secrets, names, programs and servers are reached through the world") {
    test::RealLoop loop;
    Joined world{loop.ioc, {.worker_path = "/no/worker"}};
    CHECK(loop.run(world.secret({}))->empty());
    CHECK(loop.run(world.secret({SecretRef::Source::file, "/no/secret"})).error().kind == FailureKind::misconfigured);
    CHECK(loop.run(world.resolve("127.0.0.1", 5s)) == std::vector<std::string>{"127.0.0.1"});
    CHECK(loop.run(world.run({.argv = {"echo", "hello"}}))->out == "hello\n");
    CHECK_FALSE(loop.run(world.systemd_unit("not a unit", 5s)));
    HttpRequest request;
    request.url = "http://127.0.0.1:1/";
    CHECK(loop.run(world.http(request)).error().kind == FailureKind::refused);
    PgRequest query;
    query.dsn = "host=127.0.0.1 port=1 dbname=postgres";
    CHECK(loop.run(world.postgres(query)).error().kind == FailureKind::unreachable);
}

TEST_CASE("a dead file system blocks neither the loop nor other checks") {
    test::RealLoop loop;
    Joined world{loop.ioc, {.worker_path = "/slow/worker"}};
    LoopLag lag;
    asio::co_spawn(loop.ioc, LoopLag::watch(world.timers(), lag), asio::detached);
    {
        const test::SlowFileSystem slow{30s};
        auto secret = world.secret({SecretRef::Source::file, "/slow/secret"});
        const auto given_up = loop.run_until_end(std::move(secret), 100ms);
        CHECK(is_cancellation(given_up.thrown));
        CHECK(given_up.took < 10s);
        const auto late = loop.run_until_end(world.worker("walk", "", 100ms));
        CHECK(late.value->error().kind == FailureKind::timed_out);
        CHECK(late.took < 10s);
        CHECK(loop.run(world.run({.argv = {"echo", "well"}}))->out == "well\n");
    }
    lag.stop = true;
    CHECK(lag.longest < 10s);
}

TEST_CASE("programs that hang, more than there are threads, keep nothing from others") {
    const Script secret{"hunter2"};
    test::RealLoop loop;
    Joined world{loop.ioc, {.worker_path = "/slow/worker"}};
    const auto run_slow = [&](int number) {
        io::Command command;
        command.argv = {fmt::format("/slow/check{}", number)};
        command.timeout = 200ms;
        const auto late = loop.run_until_end(world.run(std::move(command)));
        CHECK(late.value->error().kind == FailureKind::timed_out);
    };
    const test::SlowFileSystem slow{30s};
    // More runs of one that hangs than there are threads, and more programs than that.
    run_slow(0);
    std::this_thread::sleep_for(1100ms);
    for (int i = 0; i < 6; ++i)
        run_slow(0);
    CHECK(world.pool().busy() == 1);
    for (int i = 1; i < 8; ++i)
        run_slow(i);
    CHECK(world.pool().busy() > 4);
    CHECK(loop.run(world.run({.argv = {"echo", "well"}}))->out == "well\n");
    CHECK(loop.run(world.secret({SecretRef::Source::file, secret.path})));
}

} // namespace recoverd::io
