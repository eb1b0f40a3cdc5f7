// SPDX-License-Identifier: Apache-2.0
// With real folders: what is left on the disk is the question.
#include "io/deadline.hpp"
#include "io/process_runner.hpp"
#include "io/scratch_folders.hpp"
#include "tests/support/real_loop.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sys/stat.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utime.h>

namespace recoverd::io {

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

struct Parent {
    fs::path path;

    Parent() {
        std::string made = "/tmp/recoverd-test-XXXXXX";
        path = ::mkdtemp(made.data());
    }
    ~Parent() { fs::remove_all(path); }
    bool empty() const { return fs::is_empty(path); }
    bool becomes_empty() const {
        for (int i = 0; i < 500 && !empty(); ++i)
            std::this_thread::sleep_for(10ms);
        return empty();
    }
};

/// Fills a folder and does not end by itself.
Task<Result<Finished>> fill(test::RealLoop& loop, ScratchFolders& folders, std::string parent) {
    auto made = co_await folders.make(parent);
    if (!made)
        co_return std::unexpected(made.error());
    Command command{.argv = {"/bin/sh", "-c", "mkdir -p a/b; while :; do echo x >a/b/$$; echo y >>c; done"}};
    command.directory = made->path();
    co_return co_await run_process(loop.timers, loop.pool, std::move(command));
}

} // namespace

TEST_CASE("a scratch folder is for its user alone, and gone with all in it when its owner goes") {
    test::RealLoop loop;
    const Parent parent;
    ScratchFolders folders{loop.pool};
    {
        const auto made = loop.run(folders.make(parent.path));
        REQUIRE(made);
        struct stat found{};
        REQUIRE(::stat(made->path().c_str(), &found) == 0);
        CHECK((found.st_mode & 0777U) == 0700U);
        fs::create_directories(made->path() + "/deep/er");
        std::ofstream{made->path() + "/deep/er/file"} << "x";
        fs::permissions(made->path() + "/deep/er/file", fs::perms::owner_read);
    }
    CHECK(parent.becomes_empty());
}

TEST_CASE("a scratch folder is removed when its run is cancelled, or its time is over, while a program fills it") {
    test::RealLoop loop;
    const Parent parent;
    ScratchFolders folders{loop.pool};
    const auto cancelled = loop.run_until_end(fill(loop, folders, parent.path), 300ms);
    CHECK(cancelled.thrown);
    CHECK(parent.becomes_empty());
    auto filling = fill(loop, folders, parent.path);
    const auto late = loop.run(with_deadline(loop.timers, 300ms, std::move(filling)));
    REQUIRE_FALSE(late);
    CHECK(late.error().kind == FailureKind::timed_out);
    CHECK(parent.becomes_empty());
}

TEST_CASE("a process that ends at once waits until its scratch folders are gone") {
    test::RealLoop loop;
    const Parent parent;
    {
        ScratchFolders folders{loop.pool};
        const auto made = loop.run(folders.make(parent.path));
        for (int i = 0; i < 2'000; ++i)
            std::ofstream{made->path() + "/" + std::to_string(i)} << i;
    }
    CHECK(parent.empty());
}

TEST_CASE("a scratch folder that outlives its world is removed all the same") {
    test::RealLoop loop;
    const Parent parent;
    auto folders = std::make_unique<ScratchFolders>(loop.pool);
    auto made = loop.run(folders->make(parent.path));
    REQUIRE(made);
    folders.reset();
    CHECK_FALSE(parent.empty());
    *made = Scratch{};
    CHECK(parent.empty());
}

TEST_CASE("what a killed agent left behind is removed by the next, and what a living one uses is not") {
    test::RealLoop loop;
    const Parent parent;
    ScratchFolders folders{loop.pool};
    const auto used = loop.run(folders.make(parent.path));
    REQUIRE(used);
    const fs::path left = parent.path / "recoverd-scratch-killed";
    fs::create_directories(left / "objects");
    const fs::path young = parent.path / "recoverd-scratch-young";
    fs::create_directories(young);
    fs::create_directories(parent.path / "somebody-else");
    const utimbuf old{std::time(nullptr) - 3600, std::time(nullptr) - 3600};
    for (const auto& path : {fs::path{used->path()}, left, parent.path / "somebody-else"})
        ::utime(path.c_str(), &old);
    const auto made = loop.run(folders.make(parent.path));
    CHECK(made);
    CHECK_FALSE(fs::exists(left));
    CHECK(fs::exists(young));
    CHECK(fs::exists(used->path()));
    CHECK(fs::exists(parent.path / "somebody-else"));
}

TEST_CASE("where no scratch folder can be made that is said, with the place") {
    test::RealLoop loop;
    ScratchFolders folders{loop.pool};
    const auto made = loop.run(folders.make("/proc/nowhere"));
    REQUIRE_FALSE(made);
    CHECK(made.error().kind == FailureKind::misconfigured);
    CHECK_THAT(made.error().detail, ContainsSubstring("/proc/nowhere"));
}

TEST_CASE("a program may be kept from writing a file beyond a size, and so may what it starts") {
    test::RealLoop loop;
    const Parent parent;
    Command command{.argv = {"/bin/sh", "-c", "sleep 0.2; sh -c 'head -c 200000 /dev/zero >large'; stat -c %s large"}};
    command.directory = parent.path;
    command.max_file = 50'000;
    const auto ended = loop.run(run_process(loop.timers, loop.pool, std::move(command)));
    REQUIRE(ended);
    CHECK(std::stoull(ended->out) <= 50'000);
}

TEST_CASE("a program that was handed something leaves no core, and neither does what it starts") {
    test::RealLoop loop;
    Command command{.argv = {"/bin/sh", "-c", "cat >/dev/null; ulimit -S -c; sh -c 'ulimit -H -c'"}};
    command.input = "a secret";
    const auto ended = loop.run(run_process(loop.timers, loop.pool, std::move(command)));
    REQUIRE(ended);
    CHECK(ended->out == "0\n0\n");
}

} // namespace recoverd::io
