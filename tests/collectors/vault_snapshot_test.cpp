// SPDX-License-Identifier: Apache-2.0
// The collector of Vault's snapshots: what it has the worker do, and what it keeps of it.
#include "collectors/vault_snapshot.hpp"

#include "io/evidence_json.hpp"
#include "tests/collectors/one_look.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace recoverd::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

core::Exercise exercise(core::ExerciseOutcome outcome = core::ExerciseOutcome::passed) {
    core::Exercise made{.id = "1", .exercise = "snapshot-download", .outcome = outcome};
    made.ended_at = kStart;
    return made;
}

std::string lines(core::Evidence evidence, std::string cursor = {}) {
    Seen seen;
    seen.subjects.push_back({.subject = {}, .location = {}, .evidence = {std::move(evidence)}, .failure = {}});
    seen.cursor = std::move(cursor);
    return io::to_lines(seen);
}

core::config::Entry secret(const std::string& key) {
    return entry(key, {core::config::Table{{"env", {}, {std::string{"TOKEN"}, {}}}}, {}});
}

/// A worker that finds one snapshot, and takes another.
struct Watched {
    asio::io_context ioc;
    FakeWorld world{ioc};
    Result<io::Finished> files = exited(lines(core::RecoveryPoints{.method = "vault_snapshot"}, "of files"));
    Result<io::Finished> download = exited(lines(exercise()));
    std::map<std::string, std::string> inputs;
    core::config::Table table{text("path", "/snapshots/*.snap"), text("address", "https://vault.example:8200/"),
                              secret("token")};
    std::string cursor;

    Watched() {
        world.on_worker = [this](const std::string& job, const std::string& input) {
            inputs[job] = input;
            return job == "vault_download" ? download : files;
        };
        world.secrets["TOKEN"] = "s.secret";
    }

    Collected look(Duration later = 0ms) {
        inputs.clear();
        Collected seen = test::look(ioc, world, "vault_snapshot", table, cursor, 10min, later);
        if (seen)
            cursor = seen->cursor;
        return seen;
    }
};

bool mistaken(core::config::Table table) {
    core::config::Diagnostics diagnostics;
    find("vault_snapshot")->compile(table, {"check.x", "collector 'vault_snapshot'", {}}, {}, diagnostics);
    return diagnostics.has_mistakes();
}

} // namespace

TEST_CASE("a download that brings nothing to judge leaves what is known of the files, and says why") {
    Watched watched;
    watched.download = exited(R"({"failure":{"kind":"refused","detail":"status 403"}})", 1);
    const Collected seen = watched.look();
    REQUIRE(seen);
    const auto& report = subject(seen, "");
    CHECK(report.evidence.size() == 1);
    REQUIRE(report.failure);
    CHECK(report.failure->kind == FailureKind::refused);
    // Nor does it leave a server that refuses without peace.
    CHECK(watched.look(5min));
    CHECK_FALSE(watched.inputs.contains("vault_download"));
    CHECK(subject(watched.look(30min), "").failure);
    watched.download = exited(lines(exercise()));
    CHECK_FALSE(subject(watched.look(61min), "").failure);
}

TEST_CASE("files that cannot be looked at do not hide what came of a download, nor the other way round") {
    Watched watched;
    watched.files = exited(R"({"failure":{"kind":"unreachable","detail":"not mounted"}})", 1);
    const Collected seen = watched.look();
    REQUIRE(seen);
    REQUIRE(subject(seen, "").failure);
    CHECK(subject(seen, "").failure->kind == FailureKind::unreachable);
    CHECK(evidence<core::Exercise>(subject(seen, "")) == exercise());
    watched.table = {text("path", "/snapshots/*.snap")};
    const Collected none = watched.look();
    REQUIRE_FALSE(none);
    CHECK(none.error().kind == FailureKind::unreachable);
}

TEST_CASE("a worker that crashes, says nothing or garbage is a failure of that part alone") {
    for (const auto& broken : {exited("garbage"), exited(""), exited("", 1, "out of memory")}) {
        Watched watched;
        watched.download = broken;
        const Collected seen = watched.look();
        REQUIRE(seen);
        CHECK(subject(seen, "").failure);
        CHECK(subject(seen, "").evidence.size() == 1);
    }
    Watched watched;
    watched.files = exited("garbage");
    CHECK(subject(watched.look(), "").failure);
}

TEST_CASE("a token that cannot be opened is a failure, and nobody is asked") {
    Watched watched;
    watched.world.secrets.clear();
    CHECK(subject(watched.look(), "").failure);
    CHECK_FALSE(watched.inputs.contains("vault_download"));
}

TEST_CASE("a fresh snapshot is taken once a week, and what came of it is told in between") {
    Watched watched;
    CHECK(evidence<core::Exercise>(subject(watched.look(), "")) == exercise());
    CHECK(watched.inputs.contains("vault_download"));
    CHECK(evidence<core::Exercise>(subject(watched.look(6 * core::kDay), "")) == exercise());
    CHECK_FALSE(watched.inputs.contains("vault_download"));
    watched.download = exited(lines(exercise(core::ExerciseOutcome::failed)));
    CHECK(evidence<core::Exercise>(subject(watched.look(7 * core::kDay), "")) ==
          exercise(core::ExerciseOutcome::failed));
}

TEST_CASE("a clock that was set back does not put a fresh snapshot off") {
    FreshSnapshot fresh{.tried_at = kStart + core::kDay, .failure = {}, .last = {}};
    CHECK(fresh.due(kStart, 7 * core::kDay));
}

TEST_CASE("the worker is told of the files what it knew, and of the download where and how") {
    Watched watched;
    CHECK(watched.look());
    CHECK(watched.look(8 * core::kDay));
    const auto files = io::Json::parse(watched.inputs["vault_snapshot"]);
    CHECK(files["path"].text() == "/snapshots/*.snap");
    CHECK(files["verify"].text() == "checksummed");
    CHECK(files["cursor"].text() == "of files");
    const auto download = io::Json::parse(watched.inputs["vault_download"]);
    CHECK(download["url"].text() == "https://vault.example:8200/v1/sys/storage/raft/snapshot");
    CHECK(download["auth"]["header_name"].text() == "X-Vault-Token");
    CHECK(download["auth"]["header_value"].text() == "s.secret");
    CHECK(download["scratch"].text() == "/var/tmp");
}

TEST_CASE("a cursor that is none means to look anew") {
    CHECK(read_vault_snapshot_cursor("garbage") == VaultSnapshotCursor{});
    CHECK(read_vault_snapshot_cursor(R"({"files": 5})") == VaultSnapshotCursor{});
    const VaultSnapshotCursor whole{
        "f", {true, {{"a", {"e", ""}}}}, {kStart, Failure{FailureKind::refused, "no"}, exercise()}};
    CHECK(read_vault_snapshot_cursor(write_vault_snapshot_cursor(whole)) == whole);
}

TEST_CASE("options of vault_snapshot that cannot be meant are mistakes") {
    CHECK(mistaken({}));
    CHECK(mistaken({text("path", "snapshots/*.snap")}));
    CHECK(mistaken({text("address", "https://vault.example")}));
    CHECK(mistaken({text("path", "/s/*.snap"), secret("token")}));
    CHECK(mistaken({text("path", "/s/{subject}-*.snap"), text("address", "https://vault.example"), secret("token")}));
    CHECK(mistaken({text("address", "vault.example:8200"), secret("token")}));
    CHECK(mistaken({text("path", "/s/*.snap"), text("bucket", "b"), text("access_key_id", "k"),
                    secret("secret_access_key"), text("region", "eu-west-1")}));
    CHECK(mistaken({text("bucket", "b")}));
    CHECK(mistaken({text("address", "https://vault.example"), secret("token"), text("scratch", "tmp")}));
    CHECK(mistaken({text("address", "https://vault.example"), secret("token"), text("max_size", "0")}));
    CHECK(mistaken({text("address", "https://vault.example"), secret("token"), text("download_every", "0s")}));
    CHECK_FALSE(mistaken({text("path", "/s/{subject}-*.snap")}));
    CHECK_FALSE(mistaken({text("address", "https://vault.example"), secret("token")}));
}
