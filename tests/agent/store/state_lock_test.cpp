// SPDX-License-Identifier: Apache-2.0
#include "agent/store/state_lock.hpp"

#include "tests/agent/commands/typed.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <chrono>
#include <thread>

#include <unistd.h>

using namespace recoverd;
using namespace std::chrono_literals;
using agent::lock_state;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a state that another agent uses is left alone, until that one has gone") {
    const test::Folder folder;
    auto first = lock_state(folder.path(""), 0ms);
    REQUIRE(first);
    CHECK(first->get() >= 0);
    const auto second = lock_state(folder.path(""), 0ms);
    REQUIRE_FALSE(second);
    CHECK_THAT(second.error(), ContainsSubstring("another recoverd uses the state in '" + folder.path("")));
    std::thread ending([&] {
        std::this_thread::sleep_for(100ms);
        *first = io::Fd{};
    });
    CHECK(lock_state(folder.path(""), 20s));
    ending.join();
}

TEST_CASE("where nothing can be locked an agent begins without a lock: that its state is not kept is said elsewhere") {
    const auto lock = lock_state("/proc/no-such-folder", 0ms);
    REQUIRE(lock);
    CHECK(lock->get() < 0);
}
