// SPDX-License-Identifier: Apache-2.0
// A fresh snapshot from a server that does what servers do, and what is left of it: nothing.
#include "worker/vault/download.hpp"

#include "tests/support/fake_world.hpp"
#include "tests/support/scripted_server.hpp"
#include "tests/worker/snapshot.hpp"
#include "worker/vault/scratch.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sys/stat.h>

#include <filesystem>

using namespace recoverd;
using namespace recoverd::test;
using Catch::Matchers::ContainsSubstring;
using core::ExerciseOutcome;
using core::FailureKind;

namespace {

constexpr const char* kPath = "/v1/sys/storage/raft/snapshot";

struct Taken {
    ScriptedServer server;
    Folder scratch;

    core::Result<core::Seen> take(std::uint64_t max_size = 1'000'000, core::Duration limit = std::chrono::minutes{1}) {
        auto options = worker::vault::read_download_options(fmt::format(
            R"({{"url": "{}", "headers": {{"X-Vault-Request": "true"}},
                 "auth": {{"header_name": "X-Vault-Token", "header_value": "s.secret"}},
                 "scratch": "{}", "max_size": {}, "time_limit": {}}})",
            server.url(kPath), scratch.path(), max_size, core::to_seconds(limit)));
        auto seen = worker::vault::download(options, worker::files::system_clock());
        CHECK(std::filesystem::is_empty(scratch.path()));
        return seen;
    }
    core::Exercise exercise(std::uint64_t max_size = 1'000'000) {
        const auto seen = take(max_size);
        REQUIRE(seen);
        return std::get<core::Exercise>(seen->subjects.at(0).evidence.at(0));
    }
    core::Failure failure(std::uint64_t max_size = 1'000'000, core::Duration limit = std::chrono::minutes{1}) {
        const auto seen = take(max_size, limit);
        REQUIRE_FALSE(seen);
        CHECK_THAT(seen.error().detail, !ContainsSubstring("s.secret"));
        return seen.error();
    }
};

} // namespace

TEST_CASE("a fresh snapshot that ends early is a failed exercise, although the server said 200") {
    Taken taken;
    taken.server.on(kPath, says(200, data("vault/openbao.snap").substr(0, 15'000)));
    const auto exercise = taken.exercise();
    CHECK(exercise.outcome == ExerciseOutcome::failed);
    CHECK(exercise.depth == core::Depth::exists);
    CHECK_THAT(exercise.message, ContainsSubstring("truncated gzip"));
}

TEST_CASE("an empty answer of status 200 is a failed exercise") {
    Taken taken;
    taken.server.on(kPath, says(200, ""));
    CHECK(taken.exercise().outcome == ExerciseOutcome::failed);
}

TEST_CASE("a connection that breaks brings nothing to judge") {
    Taken taken;
    taken.server.on(kPath, cuts_off(data("vault/openbao.snap").substr(0, 15'000)));
    CHECK_THAT(taken.failure().detail, ContainsSubstring("cut off after 15000 bytes"));
}

TEST_CASE("a server that drips or floods is ended, by time and by size") {
    Taken taken;
    taken.server.on(kPath, drips(std::chrono::milliseconds{20}));
    CHECK(taken.failure(1'000'000, std::chrono::milliseconds{700}).kind == FailureKind::timed_out);
    taken.server.on(kPath, endless());
    CHECK_THAT(taken.failure(100'000).detail, ContainsSubstring("a larger one"));
}

TEST_CASE("who refuses a snapshot is told apart from who cannot give one") {
    Taken taken;
    for (const auto& [status, kind] : {std::pair{403, FailureKind::refused},
                                       {401, FailureKind::refused},
                                       {404, FailureKind::bad_answer},
                                       {500, FailureKind::unreachable},
                                       {503, FailureKind::unreachable}}) {
        CAPTURE(status);
        taken.server.on(kPath, says(status, R"({"errors":["permission denied"]})"));
        CHECK(taken.failure().kind == kind);
    }
}

TEST_CASE("a token goes to nobody but who was named") {
    Taken taken;
    ScriptedServer active;
    active.on(kPath, says(403, R"({"errors":["permission denied"]})"));
    taken.server.on(kPath, redirects(active.url(kPath), 307));
    CHECK_THAT(taken.failure().detail, ContainsSubstring("name that one"));
    REQUIRE(active.got().size() == 1);
    CHECK(active.got()[0].header("x-vault-token").empty());
    CHECK(taken.server.got()[0].header("x-vault-token") == "s.secret");
}

TEST_CASE("a folder that cannot be written to is a mistake, and nobody is asked") {
    Taken taken;
    auto options = worker::vault::read_download_options(
        R"({"url": "http://127.0.0.1:1/x", "headers": {}, "scratch": "/does/not/exist", "max_size": 1, "time_limit": 1})");
    const auto seen = worker::vault::download(options, worker::files::system_clock());
    REQUIRE_FALSE(seen);
    CHECK(seen.error().kind == FailureKind::misconfigured);
}

TEST_CASE("a fresh snapshot lies in a file without a name that only its owner can read") {
    Folder folder;
    auto scratch = worker::vault::Scratch::open(folder.path());
    REQUIRE(scratch);
    CHECK(scratch->write("secret"));
    CHECK(std::filesystem::is_empty(folder.path()));
    struct stat seen{};
    REQUIRE(::stat(scratch->path().c_str(), &seen) == 0);
    CHECK((seen.st_mode & 07777U) == 0600U);
    CHECK(seen.st_nlink == 0);
    CHECK(read_bytes(scratch->path()) == "secret");
}

TEST_CASE("a fresh snapshot that is whole is an exercise that passed, proven by its checksums and no deeper") {
    Taken taken;
    taken.server.on(kPath, says(200, data("vault/openbao.snap"), {{"Content-Type", "application/gzip"}}));
    const auto exercise = taken.exercise();
    INFO(exercise.message);
    CHECK(exercise.outcome == ExerciseOutcome::passed);
    CHECK(exercise.exercise == "snapshot-download");
    CHECK(exercise.depth == core::Depth::checksummed);
    CHECK(exercise.started_at <= exercise.ended_at);
}
