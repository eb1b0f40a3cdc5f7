// SPDX-License-Identifier: Apache-2.0
// The store on a disk whose fsync() does not return.
#include "agent/store/sqlite_store.hpp"
#include "io/deadline.hpp"
#include "tests/agent/store/slow_disk.hpp"
#include "tests/support/real_loop.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <filesystem>
#include <thread>

#include <stdlib.h>

using namespace recoverd;
using namespace recoverd::agent;

namespace {

struct Folder {
    std::string path = "/tmp/recoverd-hanging-XXXXXX";

    Folder() { REQUIRE(::mkdtemp(path.data()) != nullptr); }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
};

StateRow row(std::string name) {
    return {"check", std::move(name), "print", core::from_unix_seconds(1'800'000'000), "{}", "[]"};
}

Batch batch_of(StateRow row) {
    Batch batch;
    batch.rows.push_back(std::move(row));
    return batch;
}

/// Commits a row to a disk that hangs, and leaves.
void commit_in_vain(test::RealLoop& loop, Store& store, const test::HangingDisk& disk) {
    auto commit = store.commit(batch_of(row("a")));
    const auto late = loop.run(io::with_deadline(loop.timers, std::chrono::seconds{1}, std::move(commit)));
    REQUIRE_FALSE(late);
    CHECK(late.error().kind == core::FailureKind::timed_out);
    REQUIRE(disk.waiting() == 1);
}

} // namespace

TEST_CASE("a disk that hangs may be left, and keeps what was being written once it goes on") {
    const Folder folder;
    test::RealLoop loop;
    const auto store = make_sqlite_store(folder.path);
    store->load();
    {
        const test::HangingDisk disk;
        commit_in_vain(loop, *store, disk);
        auto finding = store->find_outcome("orders", "run-1", "end");
        CHECK_FALSE(loop.run(io::with_deadline(loop.timers, std::chrono::milliseconds{20}, std::move(finding))));
    }
    REQUIRE(loop.run(store->commit(batch_of(row("b")))));
    CHECK(make_sqlite_store(folder.path)->load().rows == std::vector{row("a"), row("b")});
}

TEST_CASE("a store ends though its disk hangs, and its file is whole when that goes on") {
    const Folder folder;
    {
        test::RealLoop loop;
        auto store = make_sqlite_store(folder.path);
        store->load();
        const test::HangingDisk disk;
        commit_in_vain(loop, *store, disk);
        const auto began = std::chrono::steady_clock::now();
        store.reset();
        CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{10});
    }
    // The log goes when the thread that was left closes the file.
    for (int i = 0; i < 1'000 && std::filesystem::exists(folder.path + "/recoverd.db-wal"); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    const auto stored = make_sqlite_store(folder.path)->load();
    CHECK(stored.trouble.empty());
    CHECK(stored.rows == std::vector{row("a")});
}
