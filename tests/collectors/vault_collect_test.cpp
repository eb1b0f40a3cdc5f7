// SPDX-License-Identifier: Apache-2.0
// Whom the `vault` collector asks what, and to whom it shows its token.
#include "tests/collectors/one_look.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace recoverd::test;
using namespace std::chrono_literals;

namespace {

core::config::Entry token() {
    return entry("token", {core::config::Table{{"env", {}, {std::string{"TOKEN"}, {}}}}, {}});
}

struct Asked {
    asio::io_context ioc;
    FakeWorld world{ioc};
    std::map<std::string, io::HttpAnswer> answers;
    std::map<std::string, std::string> tokens;
    core::config::Table table{text("address", "https://vault.example:8200/"), token(),
                              entry("auto_snapshots", list({"hourly"}))};

    Asked() {
        world.secrets["TOKEN"] = "s.secret";
        on("sys/health", R"({"initialized": true, "sealed": false, "standby": true})", 429);
        on("sys/seal-status", R"({"storage_type": "raft"})");
        on("sys/leader", R"({"leader_address": "https://other:8200"})");
        on("sys/storage/raft/autopilot/state",
           R"({"data": {"leader": "a", "failure_tolerance": 0, "servers": {"a": {"healthy": true,
               "node_status": "alive"}}}})");
        on("sys/storage/raft/snapshot-auto/status/hourly", R"({"data": {}})");
        world.on_http = [this](const io::HttpRequest& request) -> core::Result<io::HttpAnswer> {
            tokens[request.url] = request.auth.header_value.reveal();
            if (const auto found = answers.find(request.url); found != answers.end())
                return found->second;
            return core::failed(FailureKind::unreachable, "nobody");
        };
    }
    void on(const std::string& path, std::string body, int status = 200) {
        io::HttpAnswer answer;
        answer.status = status;
        answer.body = std::move(body);
        answer.url = "https://vault.example:8200/v1/" + path;
        answers[answer.url] = answer;
    }
    Collected look() { return test::look(ioc, world, "vault", table, {}, 10s, 0ms); }
};

bool mistaken(core::config::Table table) {
    core::config::Diagnostics diagnostics;
    find("vault")->compile(table, {"check.x", "collector 'vault'", {}}, {}, diagnostics);
    return diagnostics.has_mistakes();
}

} // namespace

TEST_CASE("a server that hangs at any question is looked at in time, and never all green") {
    for (const char* hung : {"sys/health", "sys/leader", "autopilot/state", "snapshot-auto"}) {
        CAPTURE(hung);
        Asked asked;
        asked.world.hangs = [hung](const std::string& what) { return what.contains(hung); };
        const Duration began = asked.world.timers().elapsed();
        const Collected seen = asked.look();
        CHECK(asked.world.timers().elapsed() - began <= 10s);
        REQUIRE(seen);
        const bool down = evidence<core::Reachability>(seen->subjects.at(0)).state == core::ReachState::down;
        CHECK((down || seen->subjects.at(0).failure || subject(seen, "snapshot-auto/hourly").failure ||
               std::string_view{hung} == "sys/leader"));
    }
}

TEST_CASE("only what needs the token gets it, and a sealed server is asked for nothing more") {
    Asked asked;
    const Collected seen = asked.look();
    REQUIRE(seen);
    CHECK_FALSE(seen->subjects.at(0).failure);
    CHECK(asked.tokens.size() == 5);
    for (const auto& [url, shown] : asked.tokens)
        CHECK(shown == (url.contains("/raft/") ? "s.secret" : ""));
    asked.on("sys/health", R"({"initialized": true, "sealed": true, "standby": true})", 503);
    asked.tokens.clear();
    CHECK(asked.look());
    CHECK(asked.tokens.size() == 2);
}

TEST_CASE("a token of Vault that cannot be opened is a failure, and nobody is asked") {
    Asked asked;
    asked.world.secrets.clear();
    const Collected seen = asked.look();
    REQUIRE_FALSE(seen);
    CHECK(asked.tokens.empty());
}

TEST_CASE("a check of Vault without named snapshots is no witness of backups") {
    const auto brings = [](const std::string& collector, const core::config::Table& table) {
        core::config::Diagnostics diagnostics;
        return find(collector)->compile(table, {"check.x", "a collector", {}}, {}, diagnostics).brings;
    };
    const auto has = [](const std::vector<EvidenceKind>& kinds, EvidenceKind kind) {
        return std::ranges::find(kinds, kind) != kinds.end();
    };
    const auto address = text("address", "https://vault.example:8200");
    CHECK_FALSE(has(brings("vault", {address, token()}), EvidenceKind::recovery_points));
    CHECK(
        has(brings("vault", {address, token(), entry("auto_snapshots", list({"a"}))}), EvidenceKind::recovery_points));
    CHECK_FALSE(has(brings("vault", {address}), EvidenceKind::replication));
    CHECK(brings("vault_snapshot", {address, token()}) == std::vector{EvidenceKind::exercise});
    CHECK(brings("vault_snapshot", {text("path", "/s/*.snap")}) == std::vector{EvidenceKind::recovery_points});
}

TEST_CASE("options of vault that cannot be meant are mistakes") {
    const auto address = text("address", "https://vault.example:8200");
    CHECK(mistaken({text("address", "vault.example:8200")}));
    CHECK(mistaken({text("address", "https://user:x@vault.example:8200")}));
    CHECK(mistaken({address, entry("peers", list({"a"}))}));
    CHECK(mistaken({address, token(), entry("peers", list({"a", "a"}))}));
    CHECK(mistaken({address, token(), entry("auto_snapshots", list({"../config"}))}));
    CHECK(mistaken({address, token(), entry("failure_tolerance", {std::int64_t{-1}, {}})}));
    CHECK_FALSE(mistaken({address, token(), entry("peers", list({"a"})), entry("auto_snapshots", list({"hourly"}))}));
    CHECK_FALSE(mistaken({address}));
}
