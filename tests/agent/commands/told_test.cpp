// SPDX-License-Identifier: Apache-2.0
// `recoverd status` and `recoverd explain` over the documents that the API really makes.
#include "agent/setup.hpp"
#include "core/engine/engine.hpp"
#include "exporters/api.hpp"
#include "tests/agent/commands/typed.hpp"
#include "tests/support/scripted_server.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using test::Ended;
using test::typed;

namespace {

constexpr core::Time kNow{std::chrono::seconds{1'795'316'400}}; // 2026-11-22T03:00:00Z

/// A daemon with one asset and one check of it, as far as its API shows.
struct Daemon {
    test::Folder folder;
    test::ScriptedServer server;
    std::unique_ptr<core::Engine> engine = std::make_unique<core::Engine>(kNow);

    Daemon() {
        folder.write("recoverd.toml", "[asset.orders-db]\ndescription = \"Orders\"\nbackup_every = \"1h\"\n"
                                      "[check.dumps]\nasset = \"orders-db\"\ncollector = \"files\"\npath = \"/b/*\"\n");
        engine->configure(agent::make_setup(agent::load(folder.path("recoverd.toml")), {}).config, kNow);
    }
    void learn(core::Result<core::Seen> result, core::Time now) {
        engine->learn("dumps", {now, 1s, std::move(result)}, now);
        engine->advance(now);
        const core::Snapshot snapshot = engine->snapshot(now);
        const exporters::AgentFacts facts;
        server.on("/api/v1/status", test::says(200, exporters::api::status(snapshot, facts)));
        server.on("/api/v1/assets", test::says(200, exporters::api::assets(snapshot)));
        server.on("/api/v1/checks", test::says(200, exporters::api::checks(snapshot)));
        server.on("/api/v1/scenarios", test::says(200, exporters::api::scenarios(snapshot)));
        server.on("/api/v1/alerts", test::says(200, exporters::api::alerts(snapshot, facts)));
    }
    void saw_backup(core::Duration age, const std::string& detail = {}) {
        core::RecoveryPoint point;
        point.id = "d1";
        point.data_at = point.ended_at = kNow - age;
        point.size_bytes = 2048;
        core::RecoveryPoints points;
        points.method = "file";
        points.count = 1;
        points.points.push_back(point);
        if (!detail.empty())
            points.jobs.push_back({core::JobState::failed, {}, {}, kNow - 1min, detail});
        core::Seen seen;
        seen.subjects.push_back({"", {}, {points}, {}});
        learn(std::move(seen), kNow);
    }
    Ended ask(std::vector<std::string> words) const {
        words.insert(words.end(), {"--url", server.url("")});
        return typed(std::move(words));
    }
};

} // namespace

TEST_CASE("a daemon that is away, or is something else, is unknown and not good") {
    std::string nobody;
    {
        const test::ScriptedServer gone;
        nobody = gone.url("");
    }
    const auto away = typed({"status", "--url", nobody});
    CHECK(away.code == 3);
    CHECK(away.out.empty());
    CHECK_THAT(away.err, ContainsSubstring("no answer from the daemon at " + nobody) && ContainsSubstring("hint: "));
    CHECK(typed({"explain", "orders-db", "--url", nobody}).code == 1);
    Daemon daemon;
    for (const auto& script :
         {test::says(404, "nothing is here\n"), test::says(200, "<html>"), test::says(200, "{}")}) {
        daemon.server.on("/api/v1/status", script);
        CHECK(daemon.ask({"status"}).code == 3);
    }
}

TEST_CASE("a health check asks whether the daemon works, not what it found") {
    std::string nobody;
    {
        const test::ScriptedServer gone;
        nobody = gone.url("");
    }
    const auto away = typed({"status", "--healthy", "--url", nobody});
    CHECK(away.code == 1);
    CHECK_THAT(away.err, ContainsSubstring("no answer from the daemon at " + nobody) && ContainsSubstring("hint: "));
    Daemon daemon;
    daemon.saw_backup(5h);
    REQUIRE(daemon.ask({"status"}).code == 2);
    daemon.server.on("/-/healthy", test::says(200, "recoverd is healthy.\n"));
    const auto healthy = daemon.ask({"status", "--healthy"});
    CHECK(healthy.code == 0);
    CHECK(healthy.out + healthy.err == "");
    daemon.server.on("/-/healthy", test::says(503, "no\n"));
    const auto sick = daemon.ask({"status", "--healthy"});
    CHECK(sick.code == 1);
    CHECK_THAT(sick.err, ContainsSubstring("expected status 200") && ContainsSubstring("found 503"));
}

TEST_CASE("status ends with how bad it is") {
    Daemon daemon;
    // Fresh and good, but nobody has proven it by a restore.
    daemon.saw_backup(10min);
    CHECK(daemon.ask({"status"}).code == 1);
    daemon.saw_backup(5h);
    const auto old = daemon.ask({"status"});
    CHECK(old.code == 2);
    CHECK_THAT(old.out, ContainsSubstring("P2 BackupTooOld orders-db dumps: "));
    // No colours where there is no terminal.
    CHECK(!old.out.contains('\033'));
}

TEST_CASE("a check that knows nothing makes the status unknown") {
    Daemon daemon;
    daemon.learn(core::failed(core::FailureKind::unreachable, "no route"), kNow);
    const auto ended = daemon.ask({"status"});
    CHECK(ended.code == 3);
    CHECK_THAT(ended.out, ContainsSubstring("WHAT IS UNKNOWN\ndumps: unreachable: no route\n") &&
                              ContainsSubstring("unknown       orders-db"));
}

TEST_CASE("a part of a check that could not be seen, or told of, makes the status unknown") {
    Daemon daemon;
    core::Seen seen;
    seen.subjects.push_back({"repo1", {}, {}, core::Failure{core::FailureKind::refused, "permission denied"}});
    core::Assertions promised;
    promised.assertions.push_back({.name = "versioning", .expected = "true", .detail = "not allowed to read it"});
    promised.assertions.push_back({.name = "encryption", .expected = "aes", .actual = "aes"});
    seen.subjects.push_back({"repo2", {}, {promised}, {}});
    daemon.learn(std::move(seen), kNow);
    const auto ended = daemon.ask({"status"});
    CHECK(ended.code == 3);
    CHECK_THAT(ended.out, ContainsSubstring("WHAT IS UNKNOWN\ndumps repo1: refused: permission denied\n"
                                            "dumps repo2: versioning: not allowed to read it\n"));
    CHECK(!ended.out.contains("encryption"));
}

TEST_CASE("explain tells of an asset why, from what, against which promise, and what would mend it") {
    Daemon daemon;
    daemon.saw_backup(5h);
    const auto ended = daemon.ask({"explain", "orders-db"});
    CHECK(ended.code == 0);
    CHECK_THAT(ended.out, ContainsSubstring("orders-db: at_risk\nOrders\n") && ContainsSubstring("because\n  1. ") &&
                              ContainsSubstring("  back to  2026-11-21T22:00:00Z (5h ago)\n  proven   never\n") &&
                              ContainsSubstring("promised\n  backup_every = 1h\n") &&
                              ContainsSubstring(
                                  "  dumps (files), last learned 2026-11-22T03:00:00Z (0s ago)\n      recovery_points: "
                                  "1 recovery point (file), newest 2026-11-21T22:00:00Z (5h ago), 2KiB") &&
                              ContainsSubstring("  P2 BackupTooOld orders-db dumps\n    why      ") &&
                              ContainsSubstring("    rule     backup_too_old: ") &&
                              ContainsSubstring("    mend     Look at the last runs"));
}

TEST_CASE("explain ends with what happened, and says where the daemon does not tell") {
    Daemon daemon;
    daemon.saw_backup(5h);
    const core::Event event{kNow - 2h, "alert",           "BackupTooOld",
                            "firing",  "too \033[2J old", {{"check", "dumps"}, {"subject", "s"}}};
    daemon.server.on("/api/v1/history", [&](test::Conversation& conversation) {
        if (conversation.request().query == "asset=orders-db&limit=20")
            conversation.answer(200, exporters::api::history({core::HistoryOf::asset, "orders-db"}, {event}));
        else if (conversation.request().query == "alert=BackupTooOld&limit=20")
            conversation.answer(503, R"({"errors":["the disk does not answer"]})");
    });
    CHECK_THAT(
        daemon.ask({"explain", "orders-db"}).out,
        ContainsSubstring("\nhistory\n  2026-11-22T01:00:00Z (2h ago)  BackupTooOld firing dumps s: too ?[2J old\n"));
    const auto alert = daemon.ask({"explain", "BackupTooOld"});
    CHECK(alert.code == 0);
    CHECK_THAT(alert.out, ContainsSubstring("\nhistory\n  unknown: the disk does not answer\n"));
}

TEST_CASE("explain tells of an alert, or that it is silent, and suggests what was meant") {
    Daemon daemon;
    daemon.saw_backup(5h);
    const auto alert = daemon.ask({"explain", "BackupTooOld"});
    CHECK(alert.code == 0);
    CHECK_THAT(alert.out, ContainsSubstring("state    firing") && ContainsSubstring("recovery_points: 1"));
    const auto silent = daemon.ask({"explain", "BackupCorrupt"});
    CHECK(silent.code == 0);
    CHECK_THAT(silent.out, ContainsSubstring("no such alert is pending, firing or just resolved"));
    const auto unknown = daemon.ask({"explain", "order-db"});
    CHECK(unknown.code == 64);
    CHECK_THAT(unknown.err, ContainsSubstring("hint: did you mean 'orders-db'?"));
}

TEST_CASE("what others wrote does not steer the terminal") {
    Daemon daemon;
    daemon.saw_backup(10min, "boom \033[2J\rover\nP1 Fake \\u001b \"x\"");
    const auto ended = daemon.ask({"explain", "orders-db"});
    CHECK_THAT(ended.out, ContainsSubstring("boom ?[2J?over P1 Fake \\u001b \"x\""));
    CHECK(!ended.out.contains('\033'));
}

TEST_CASE("rules are printed with the runbooks of the configuration") {
    const test::Folder folder;
    folder.write("recoverd.toml", "runbook_url = \"https://wiki/runbooks/\"\n[check.a]\ncollector = \"exec\"\n"
                                  "command = [\"true\"]\n");
    const auto ended = typed({"rules", "--config.file", folder.path("recoverd.toml")});
    CHECK(ended.code == 0);
    CHECK_THAT(ended.out, ContainsSubstring("alert: BackupTooOld") && ContainsSubstring("https://wiki/runbooks/"));
    CHECK(typed({"rules", "--config.file", folder.path("none.toml")}).code == 1);
    CHECK(typed({"rules", "--runbook-url", "https://other", "--config.file", folder.path("none.toml")}).code == 0);
}

TEST_CASE("rules point to the dashboard that is named, whether or not a configuration has one") {
    const test::Folder folder;
    folder.write("recoverd.toml", "runbook_url = \"https://wiki/runbooks\"\ndashboard_url = \"https://grafana/d/own\"\n"
                                  "[check.a]\ncollector = \"exec\"\ncommand = [\"true\"]\n");
    const auto own = typed({"rules", "--config.file", folder.path("recoverd.toml")});
    CHECK_THAT(own.out, ContainsSubstring("dashboard_url: 'https://grafana/d/own'"));
    const auto named =
        typed({"rules", "--dashboard-url", "https://grafana/d/other", "--config.file", folder.path("recoverd.toml")});
    CHECK_THAT(named.out, ContainsSubstring("runbook_url: 'https://wiki/runbooks/BackupTooOld'") &&
                              ContainsSubstring("dashboard_url: 'https://grafana/d/other'") &&
                              !ContainsSubstring("https://grafana/d/own"));
    const auto without = typed({"rules", "--runbook-url", "https://other", "--dashboard-url", "https://grafana/d/other",
                                "--config.file", folder.path("none.toml")});
    CHECK(without.code == 0);
    CHECK_THAT(without.out, ContainsSubstring("dashboard_url: 'https://grafana/d/other'"));
}
