// SPDX-License-Identifier: Apache-2.0
#include "exporters/alertmanager.hpp"
#include "exporters/prometheus.hpp"
#include "tests/exporters/support/alertmanager_stage.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <stdexcept>

using namespace recoverd;
using namespace recoverd::exporters;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::AlertState;
using core::Priority;
using core::RuleId;
using test::count_in;
using test::firing;
using test::kNow;
using test::Stage;

namespace {

constexpr core::Duration kMinute = 1min;

const OutgoingAlert* find(const std::vector<OutgoingAlert>& alerts, std::string_view name) {
    const auto found =
        std::ranges::find_if(alerts, [&](const auto& alert) { return alert.labels.at("alertname") == name; });
    return found == alerts.end() ? nullptr : &*found;
}

/// What /metrics tells of those that are sent to.
std::string told_of_sending(const Stage& stage) {
    AgentFacts facts = test::facts();
    facts.own = &stage.metrics;
    return PrometheusRenderer{}.render(test::empty_snapshot(), facts);
}

} // namespace

TEST_CASE("what Alertmanager is told of a small shop is as it was accepted") {
    const SentAlerts nothing_sent;
    const auto due = nothing_sent.due(test::sample_snapshot(), test::facts(), kNow, kMinute);
    test::check_golden("alertmanager.json", batches(due).front() + "\n");
    for (const auto& body : batches(nothing_sent.due(test::hostile_snapshot(), test::facts(), kNow, kMinute)))
        CHECK(count_in(body) == 2);
}

TEST_CASE("pending alerts are not sent, firing ones end four intervals ahead, the watchdog always comes") {
    const SentAlerts nothing_sent;
    core::Snapshot snapshot = test::empty_snapshot();
    snapshot.other_alerts = {firing("a")};
    snapshot.other_alerts.push_back(
        test::make_alert(RuleId::endpoint_down, "b", "c", "", AlertState::pending, Priority::p2, "down"));
    const auto due = nothing_sent.due(snapshot, test::facts(), kNow, kMinute);
    REQUIRE(due.size() == 2);
    CHECK(find(due, "BackupTooOld")->ends_at == kNow + 4min);
    CHECK(find(due, "BackupTooOld")->starts_at == kNow - 10min);
    REQUIRE(find(due, "RecoverdWatchdog"));
    CHECK(find(due, "RecoverdWatchdog")->labels.at("severity") == "none");
}

TEST_CASE("a resolved alert is sent for fifteen minutes with the moment it ended") {
    const SentAlerts nothing_sent;
    core::Snapshot snapshot = test::empty_snapshot();
    snapshot.other_alerts = {
        test::make_alert(RuleId::backup_too_old, "a", "c", "", AlertState::resolved, Priority::p2, "old")};
    const core::Time ended = snapshot.other_alerts[0].resolved_at;
    CHECK(find(nothing_sent.due(snapshot, test::facts(), ended + 15min, kMinute), "BackupTooOld")->ends_at == ended);
    CHECK_FALSE(find(nothing_sent.due(snapshot, test::facts(), ended + 15min + 1ms, kMinute), "BackupTooOld"));
}

TEST_CASE("an alert that was sent and is in no snapshot any more is resolved there, and forgotten in time") {
    SentAlerts sent;
    core::Snapshot snapshot = test::empty_snapshot();
    snapshot.other_alerts = {firing("a")};
    sent.accepted(sent.due(snapshot, test::facts(), kNow, kMinute), kNow);
    snapshot.other_alerts.clear();
    const auto later = sent.due(snapshot, test::facts(), kNow + 1min, kMinute);
    REQUIRE(find(later, "BackupTooOld"));
    CHECK(find(later, "BackupTooOld")->ends_at == kNow + 1min);
    CHECK(find(later, "BackupTooOld")->starts_at == kNow - 10min);
    sent.accepted(later, kNow + 1min);
    // Still the same end a few minutes on, and silence after the retention.
    CHECK(find(sent.due(snapshot, test::facts(), kNow + 9min, kMinute), "BackupTooOld")->ends_at == kNow + 1min);
    CHECK_FALSE(find(sent.due(snapshot, test::facts(), kNow + 17min, kMinute), "BackupTooOld"));
}

TEST_CASE("an alert never ends before it began, whatever the clock did") {
    const SentAlerts nothing_sent;
    core::Snapshot snapshot = test::empty_snapshot();
    snapshot.other_alerts = {firing("a")};
    for (const auto& alert : nothing_sent.due(snapshot, test::facts(), kNow - 48h, kMinute))
        CHECK(alert.ends_at >= alert.starts_at);
}

TEST_CASE("a thousand alerts go in batches of 256") {
    const SentAlerts nothing_sent;
    core::Snapshot snapshot = test::empty_snapshot();
    for (int i = 0; i < 999; ++i)
        snapshot.other_alerts.push_back(firing("asset-" + std::to_string(i)));
    const auto bodies = batches(nothing_sent.due(snapshot, test::facts(), kNow, kMinute));
    REQUIRE(bodies.size() == 4);
    CHECK(count_in(bodies[0]) == 256);
    CHECK(count_in(bodies[3]) == 1000 - 3 * 256);
}

TEST_CASE("what was told is told again each minute only, unless it began anew or ended") {
    SentAlerts sent;
    core::Snapshot snapshot = test::empty_snapshot();
    snapshot.other_alerts = {firing("a")};
    const auto untold = [&](core::Duration after) {
        return sent.due(snapshot, test::facts(), kNow + after, kMinute, {}, Due::untold);
    };
    CHECK(untold(0s).size() == 2);
    sent.accepted(untold(0s), kNow);
    CHECK(untold(1s).empty());
    snapshot.other_alerts.push_back(firing("b"));
    REQUIRE(untold(2s).size() == 1);
    CHECK(untold(2s)[0].labels.at("asset") == "b");
    CHECK_THAT(untold(2s)[0].json, ContainsSubstring("BackupTooOld"));
    CHECK(sent.due(snapshot, test::facts(), kNow + 2s, kMinute).size() == 3);
    sent.accepted(untold(2s), kNow + 2s);
    snapshot.other_alerts[0].started_at += 5min;
    snapshot.other_alerts.pop_back();
    REQUIRE(untold(3s).size() == 2);
    CHECK(untold(3s)[0].firing);
    CHECK_FALSE(untold(3s)[1].firing);
    sent.accepted(untold(3s), kNow + 3s);
    CHECK(untold(4s).empty());
}

TEST_CASE("everything is sent again each minute, and what begins to fire at once") {
    Stage stage;
    stage.pass(1s);
    REQUIRE(stage.posts.size() == 1);
    CHECK(stage.posts[0].url == "http://127.0.0.1:9093/api/v2/alerts");
    CHECK(stage.posts[0].verb == "POST");
    CHECK(stage.posts[0].timeout == 10s);
    stage.show({firing("a")});
    stage.sender->poke();
    stage.pass(1s);
    REQUIRE(stage.posts.size() == 2);
    CHECK(count_in(stage.posts[1].body) == 1);
    CHECK_THAT(stage.posts[1].body, ContainsSubstring("BackupTooOld"));
    stage.sender->poke();
    stage.pass(1s);
    CHECK(stage.posts.size() == 2); // it knows
    stage.pass(5min);
    REQUIRE(stage.posts.size() == 7);
    CHECK(count_in(stage.posts[6].body) == 2);
}

TEST_CASE("everything is told after a failure, and where the clock jumped, past the end of all that was told") {
    Stage stage;
    stage.show({firing("a")});
    stage.pass(1s);
    stage.status = [](const io::HttpRequest&) { return 503; };
    stage.show({firing("a"), firing("b")});
    stage.sender->poke();
    stage.pass(1s);
    stage.status = [](const io::HttpRequest&) { return 200; };
    stage.pass(15s);
    CHECK(count_in(stage.posts.back().body) == 3);
    stage.world.timers().jump(1h);
    stage.sender->poke();
    stage.pass(1s);
    CHECK(count_in(stage.posts.back().body) == 3);
}

TEST_CASE("every record behind a name is one Alertmanager, and a dead one delays no other") {
    Stage stage({"http://am.example:9093/prefix/", "https://srv.example"});
    stage.world.addresses["am.example"] = {"10.0.0.1", "10.0.0.2", "fd00::1"};
    stage.world.addresses["one.example"] = {"10.0.0.9"};
    stage.world.services["srv.example"] = {{"one.example", 9443}};
    stage.status = [](const io::HttpRequest& request) { return request.url.contains("10.0.0.1:") ? 0 : 200; };
    stage.pass(2s);
    std::vector<std::string> urls;
    for (const auto& post : stage.posts)
        urls.push_back(post.url);
    std::ranges::sort(urls);
    CHECK(urls == std::vector<std::string>{"http://10.0.0.1:9093/prefix/api/v2/alerts",
                                           "http://10.0.0.2:9093/prefix/api/v2/alerts",
                                           "https://10.0.0.9:9443/api/v2/alerts"});
    const auto& tls =
        *std::ranges::find_if(stage.posts, [](const auto& post) { return post.url.starts_with("https"); });
    CHECK(tls.tls.server_name == "one.example");
    CHECK(stage.posts[0].headers.size() == 2);
    stage.posts.clear();
    stage.pass(10min);
    const auto to = [&](std::string_view part) {
        return std::ranges::count_if(stage.posts, [&](const auto& post) { return post.url.contains(part); });
    };
    CHECK(to("10.0.0.2:") == 10);
    CHECK(to("10.0.0.1:") < 30);
    CHECK(std::ranges::count_if(stage.warnings, [](const auto& line) { return line.contains("10.0.0.1"); }) == 1);
}

TEST_CASE("a name that cannot be resolved any more loses no Alertmanager; one that moved is followed") {
    Stage stage({"http://am.example:9093"});
    stage.world.addresses["am.example"] = {"10.0.0.1"};
    stage.pass(2s);
    stage.world.addresses.clear();
    stage.posts.clear();
    stage.pass(2min);
    CHECK(stage.posts.size() == 2);
    stage.world.addresses["am.example"] = {"10.0.0.2"};
    stage.pass(1min + 1s);
    stage.posts.clear();
    stage.pass(2min);
    CHECK(std::ranges::all_of(stage.posts, [](const auto& post) { return post.url.contains("10.0.0.2"); }));
    CHECK(stage.posts.size() == 2);
}

TEST_CASE("an Alertmanager that leaves by a reload takes what metrics tell of it along") {
    Stage stage({"http://10.0.0.1:9093", "http://10.0.0.2:9093"});
    stage.pass(2s);
    REQUIRE_THAT(told_of_sending(stage),
                 ContainsSubstring("url=\"http://10.0.0.1:9093") && ContainsSubstring("url=\"http://10.0.0.2:9093"));
    stage.send_to({"http://10.0.0.2:9093"});
    stage.pass(2s);
    CHECK_THAT(told_of_sending(stage),
               !ContainsSubstring("http://10.0.0.1") && ContainsSubstring("url=\"http://10.0.0.2:9093"));
}

TEST_CASE("a name loses none of its services while they or their addresses cannot be asked for") {
    Stage stage({"http://am.example"});
    stage.world.services["am.example"] = {{"one.example", 9093}};
    stage.world.addresses["one.example"] = {"10.0.0.1"};
    stage.world.addresses["am.example"] = {"10.0.0.1"};
    stage.pass(10s);
    stage.world.hangs = [](const std::string& asked) { return asked.starts_with("srv "); };
    stage.posts.clear();
    stage.pass(5min);
    REQUIRE(stage.posts.size() == 5);
    CHECK(std::ranges::all_of(stage.posts, [](const auto& post) { return post.url.contains("10.0.0.1:9093/"); }));
    stage.world.hangs = [](const std::string& asked) { return asked == "resolve one.example"; };
    stage.posts.clear();
    stage.pass(5min);
    CHECK(stage.posts.size() == 5);
    CHECK(std::ranges::all_of(stage.posts, [](const auto& post) { return post.url.contains("10.0.0.1:9093/"); }));
    // One that has none any more is where its address says.
    stage.world.hangs = nullptr;
    stage.world.services.clear();
    stage.pass(2min);
    CHECK(stage.posts.back().url == "http://10.0.0.1/api/v2/alerts");
}

TEST_CASE("an Alertmanager that was gone for an hour hears of what fires now, with its first moment") {
    Stage stage;
    stage.status = [](const io::HttpRequest&) { return 0; };
    stage.show({firing("a")});
    stage.pass(1h);
    const auto tries = stage.posts.size();
    CHECK(tries > 40);
    CHECK(tries < 150);
    stage.status = [](const io::HttpRequest&) { return 200; };
    stage.posts.clear();
    stage.pass(2min);
    REQUIRE_FALSE(stage.posts.empty());
    CHECK_THAT(stage.posts[0].body, ContainsSubstring("\"startsAt\":\"2026-11-22T02:50:00Z\""));
    REQUIRE(stage.warnings.size() == 2);
    CHECK_THAT(stage.warnings[0], ContainsSubstring("connection refused"));
    CHECK_THAT(stage.warnings[1], ContainsSubstring("again"));
}

TEST_CASE("an error that nobody foresaw does not end the sending for ever, and is said") {
    Stage stage;
    stage.status = [](const io::HttpRequest&) -> int { throw std::runtime_error("a mistake of ours"); };
    stage.pass(1s);
    REQUIRE(stage.posts.size() == 1);
    stage.status = [](const io::HttpRequest&) { return 200; };
    stage.pass(1min);
    CHECK(stage.posts.size() >= 2);
    REQUIRE(stage.warnings.size() == 1);
    CHECK_THAT(stage.warnings[0], ContainsSubstring("begins anew"));
}

TEST_CASE("after a 400 the alert that is refused is found, left out, and the others go on") {
    Stage stage;
    stage.status = [](const io::HttpRequest& request) { return request.body.contains("poison") ? 400 : 200; };
    stage.show({firing("a"), firing("b"), firing("poison")});
    stage.pass(1s);
    // The batch, then each of four alone.
    CHECK(stage.posts.size() == 5);
    REQUIRE(stage.warnings.size() == 1);
    CHECK_THAT(stage.warnings[0], ContainsSubstring("poison"));
    stage.posts.clear();
    stage.pass(3min);
    CHECK(stage.posts.size() == 3);
    for (const auto& post : stage.posts)
        CHECK(count_in(post.body) == 3);
}

TEST_CASE("an Alertmanager that refuses everything is not asked alert by alert for ever") {
    Stage stage;
    stage.status = [](const io::HttpRequest&) { return 400; };
    stage.show({firing("a"), firing("b")});
    stage.pass(10min);
    CHECK(stage.posts.size() < 100);
    CHECK(stage.warnings.size() == 1);
}

TEST_CASE("what an Alertmanager refused as long as it refused everything is told to it afterwards, the watchdog too") {
    bool refuses = true;
    Stage stage;
    stage.status = [&refuses](const io::HttpRequest&) { return refuses ? 400 : 200; };
    stage.pass(3min); // with the watchdog alone
    stage.show({firing("a")});
    stage.pass(3min);
    REQUIRE(stage.warnings.size() == 1);
    CHECK_THAT(stage.warnings[0], ContainsSubstring("does not take alerts"));
    refuses = false;
    stage.posts.clear();
    stage.pass(2min);
    REQUIRE_FALSE(stage.posts.empty());
    CHECK(count_in(stage.posts.back().body) == 2);
    CHECK(stage.warnings.size() == 2);
}

TEST_CASE("of more alerts than a batch holds one that is refused alone in the last is left out") {
    Stage stage;
    stage.status = [](const io::HttpRequest& request) { return request.body.contains("poison") ? 400 : 200; };
    // They go by their labels, of which the name comes first: behind the watchdog's.
    std::vector<core::Alert> many{
        test::make_alert(RuleId::subject_vanished, "poison", "c", "", AlertState::firing, Priority::p2, "gone")};
    while (many.size() < kBatch)
        many.push_back(firing("asset-" + std::to_string(many.size())));
    stage.show(many);
    stage.pass(1s);
    REQUIRE(stage.warnings.size() == 1);
    CHECK_THAT(stage.warnings[0], ContainsSubstring("left out"));
    stage.posts.clear();
    stage.pass(1min);
    REQUIRE(stage.posts.size() == 1);
    CHECK(count_in(stage.posts[0].body) == kBatch);
}

TEST_CASE("a test alert is delivered to each, and each answer is told") {
    Stage stage({"http://10.0.0.1:9093", "http://10.0.0.2:9093", "http://nowhere.example:1"});
    stage.pass(1s);
    stage.status = [](const io::HttpRequest& request) { return request.url.contains("10.0.0.2") ? 503 : 200; };
    stage.posts.clear();
    const auto deliveries = test::run(stage.ioc, stage.world.timers(), stage.sender->deliver_test(Priority::p1));
    REQUIRE(deliveries.size() == 3);
    CHECK(deliveries[0].taken);
    CHECK_FALSE(deliveries[1].taken);
    CHECK_THAT(deliveries[1].detail, ContainsSubstring("503"));
    CHECK_FALSE(deliveries[2].taken);
    CHECK_THAT(stage.posts[0].body, ContainsSubstring("RecoverdTest") && ContainsSubstring("\"test\":\"true\""));
}

TEST_CASE("an Alertmanager that repeats the request it refuses puts no credentials into the log") {
    Stage stage;
    stage.words = "refused: POST /api/v2/alerts HTTP/1.1\r\nAuthorization: Bearer hunter2\r\n";
    stage.status = [](const io::HttpRequest&) { return 401; };
    stage.pass(1s);
    REQUIRE(stage.warnings.size() == 1);
    CHECK_THAT(stage.warnings[0],
               ContainsSubstring("status 401: refused: POST /api/v2/alerts HTTP/1.1") && !ContainsSubstring("hunter2"));
}
