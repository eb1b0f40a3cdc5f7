// SPDX-License-Identifier: Apache-2.0
// Programs that are killed and do not die, as those that wait for a dead file system.
#include "io/process_runner.hpp"
#include "io/spawn.hpp"
#include "tests/io/slow_calls.hpp"
#include "tests/support/real_loop.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <thread>

namespace recoverd::io {

using namespace std::chrono_literals;

namespace {

Result<Finished> run_for(test::RealLoop& loop, std::vector<std::string> words, core::Duration timeout = 20s) {
    Command command;
    command.argv = std::move(words);
    command.timeout = timeout;
    return loop.run(run_process(loop.timers, loop.pool, std::move(command)));
}

/// Lets the loop work until whoever was killed is gone.
bool all_die(test::RealLoop& loop) {
    for (int i = 0; killed_children() > 0 && i < 500; ++i) {
        loop.ioc.restart();
        loop.ioc.run_for(10ms);
    }
    return killed_children() == 0;
}

} // namespace

TEST_CASE("a command that was killed and does not die is not run again until it has, and others are") {
    test::RealLoop loop;
    REQUIRE(all_die(loop));
    {
        const test::Undying undying;
        CHECK(run_for(loop, {"sleep", "1000"}, 500ms).error().kind == FailureKind::timed_out);
        CHECK(killed_children() == 1);
        std::this_thread::sleep_for(1100ms);
        for (int i = 0; i < 3; ++i) {
            const auto refused = run_for(loop, {"sleep", "1000"}, 500ms);
            REQUIRE_FALSE(refused);
            CHECK(refused.error() ==
                  Failure{FailureKind::timed_out, "expected 'sleep' to run, found it killed before and not dead"});
        }
        CHECK(killed_children() == 1);
        CHECK(run_for(loop, {"echo", "well"})->out == "well\n");
    }
    CHECK(all_die(loop));
    CHECK(run_for(loop, {"sleep", "1000"}, 100ms).error().detail.contains("still running"));
    CHECK(all_die(loop));
}

TEST_CASE("no more programs are run while too many were killed and do not die") {
    test::RealLoop loop;
    REQUIRE(all_die(loop));
    {
        const test::Undying undying;
        for (std::size_t i = 0; i < kMostKilled; ++i)
            REQUIRE(run_for(loop, {"true", std::to_string(i)}));
        CHECK(killed_children() == kMostKilled);
        const auto refused = run_for(loop, {"true", "once more"});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().kind == FailureKind::unreachable);
        CHECK(killed_children() == kMostKilled);
    }
    CHECK(all_die(loop));
    CHECK(run_for(loop, {"true", "once more"}));
}

} // namespace recoverd::io
