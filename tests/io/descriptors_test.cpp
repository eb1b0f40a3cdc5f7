// SPDX-License-Identifier: Apache-2.0
#include "io/descriptors.hpp"

#include "io/process_runner.hpp"
#include "tests/io/no_descriptors.hpp"
#include "tests/support/real_loop.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

namespace recoverd::io {

using namespace std::chrono_literals;

namespace {

rlim_t soft_limit() {
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    return limit.rlim_cur;
}

/// As a child finds it once it has read its input: by then it was given what it shall have.
std::string limit_of_child(test::RealLoop& loop) {
    Command command;
    command.argv = {"/bin/sh", "-c", "read -r line; ulimit -Sn"};
    command.input = "go\n";
    command.timeout = 20s;
    const auto finished = loop.run(run_process(loop.timers, loop.pool, command));
    REQUIRE(finished);
    return finished->out;
}

} // namespace

TEST_CASE("the process may open more while it is asked to, and its children may not") {
    constexpr rlim_t kFew = 300;
    const test::DescriptorLimit few{kFew};
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    REQUIRE(limit.rlim_max > kFew);
    test::RealLoop loop;
    CHECK_FALSE(descriptors_of_children());
    {
        const MoreDescriptors more;
        CHECK(soft_limit() == std::min(limit.rlim_max, kMostDescriptors));
        CHECK(limit_of_child(loop) == "300\n");
    }
    CHECK(soft_limit() == kFew);
    CHECK_FALSE(descriptors_of_children());
    CHECK(limit_of_child(loop) == "300\n");
}

TEST_CASE("a limit that is as high as it may be stays") {
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    const test::DescriptorLimit highest{std::min(limit.rlim_max, kMostDescriptors)};
    const MoreDescriptors more;
    CHECK(soft_limit() == std::min(limit.rlim_max, kMostDescriptors));
    CHECK_FALSE(descriptors_of_children());
}

} // namespace recoverd::io
