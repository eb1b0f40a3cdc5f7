// SPDX-License-Identifier: Apache-2.0
#include "core/lifecycle.hpp"

#include <catch2/catch_test_macros.hpp>

#include <random>

using namespace recoverd::core;

namespace {

constexpr Time kNow{std::chrono::seconds{1'795'316'400}};

LabelledFinding finding(std::string subject, Priority priority = Priority::p2, Duration hold = 0ms) {
    LabelledFinding made;
    made.finding.identity.rule = RuleId::backup_too_old;
    made.finding.identity.subject = std::move(subject);
    made.finding.priority = priority;
    made.finding.hold = hold;
    made.finding.reason = "old";
    made.labels = alert_labels(made.finding, Config{}, nullptr, nullptr, Scope::cluster);
    return made;
}

/// One life: the alerts, and what was told of them.
struct Life {
    Alerts alerts;
    std::vector<Transition> told;
    Time revisit = kNever;

    void at(Time now, const std::vector<LabelledFinding>& found) {
        revisit = kNever;
        told = step(alerts, found, now, revisit);
    }
    const Alert& only() const {
        REQUIRE(alerts.size() == 1);
        return alerts.begin()->second;
    }
};

} // namespace

TEST_CASE("a finding without a hold fires at once") {
    Life life;
    life.at(kNow, {finding("a")});
    CHECK(life.only().state == AlertState::firing);
    CHECK(life.only().started_at == kNow);
    REQUIRE(life.told.size() == 1);
    CHECK(life.told[0].alert.state == AlertState::firing);
}

TEST_CASE("a finding with a hold is pending until it has held, and asks to be looked at then") {
    Life life;
    life.at(kNow, {finding("a", Priority::p2, 5min)});
    CHECK(life.only().state == AlertState::pending);
    CHECK(life.told.empty());
    CHECK(life.revisit == kNow + 5min);
    life.at(kNow + 5min, {finding("a", Priority::p2, 5min)});
    CHECK(life.only().state == AlertState::firing);
    CHECK(life.only().started_at == kNow + 5min);
    CHECK(life.only().since == kNow);
}

TEST_CASE("a pending alert whose finding ends leaves no trace") {
    Life life;
    life.at(kNow, {finding("a", Priority::p2, 5min)});
    life.at(kNow + 1min, {});
    CHECK(life.alerts.empty());
    CHECK(life.told.empty());
}

TEST_CASE("a firing alert goes on with the newest reason and is told only once") {
    Life life;
    life.at(kNow, {finding("a")});
    auto later = finding("a");
    later.finding.reason = "older";
    life.at(kNow + 1min, {later});
    CHECK(life.told.empty());
    CHECK(life.only().finding.reason == "older");
    CHECK(life.only().started_at == kNow);
}

TEST_CASE("a firing alert whose finding ends is resolved, kept for a while, and forgotten") {
    Life life;
    life.at(kNow, {finding("a")});
    life.at(kNow + 1h, {});
    CHECK(life.only().state == AlertState::resolved);
    CHECK(life.only().resolved_at == kNow + 1h);
    CHECK(life.told.size() == 1);
    CHECK(life.revisit == kNow + 1h + kResolvedRetention);
    life.at(kNow + 1h + kResolvedRetention, {});
    CHECK(life.alerts.empty());
}

TEST_CASE("a finding that comes back after it was resolved begins anew") {
    Life life;
    life.at(kNow, {finding("a")});
    life.at(kNow + 1min, {});
    life.at(kNow + 2min, {finding("a")});
    CHECK(life.only().state == AlertState::firing);
    CHECK(life.only().started_at == kNow + 2min);
}

TEST_CASE("a changed priority resolves the old labels and fires the new ones with the same start") {
    Life life;
    life.at(kNow, {finding("a", Priority::p3)});
    life.at(kNow + 1h, {finding("a", Priority::p1)});
    REQUIRE(life.alerts.size() == 2);
    const Alert& old_one = life.alerts.at(finding("a", Priority::p3).labels);
    const Alert& new_one = life.alerts.at(finding("a", Priority::p1).labels);
    CHECK(old_one.state == AlertState::resolved);
    CHECK(new_one.state == AlertState::firing);
    CHECK(new_one.started_at == kNow);
    CHECK(life.told.size() == 2);
}

TEST_CASE("a priority that goes there and back leaves one alert firing with its first start") {
    Life life;
    life.at(kNow, {finding("a", Priority::p3)});
    life.at(kNow + 1min, {finding("a", Priority::p1)});
    life.at(kNow + 2min, {finding("a", Priority::p3)});
    CHECK(life.alerts.at(finding("a", Priority::p3).labels).state == AlertState::firing);
    CHECK(life.alerts.at(finding("a", Priority::p3).labels).started_at == kNow);
    CHECK(life.alerts.at(finding("a", Priority::p1).labels).state == AlertState::resolved);
}

TEST_CASE("a priority that changes while pending keeps the time that has been held") {
    Life life;
    life.at(kNow, {finding("a", Priority::p3, 5min)});
    life.at(kNow + 4min, {finding("a", Priority::p2, 5min)});
    CHECK(life.only().state == AlertState::pending);
    CHECK(life.revisit == kNow + 5min);
    life.at(kNow + 5min, {finding("a", Priority::p2, 5min)});
    CHECK(life.only().state == AlertState::firing);
}

TEST_CASE("findings of two subjects live apart") {
    Life life;
    life.at(kNow, {finding("a"), finding("b")});
    life.at(kNow + 1min, {finding("b")});
    CHECK(life.alerts.at(finding("a").labels).state == AlertState::resolved);
    CHECK(life.alerts.at(finding("b").labels).state == AlertState::firing);
}

TEST_CASE("identities and label sets correspond one to one") {
    std::mt19937_64 random{7};
    const std::vector<std::string> words{"", "a", "b", "a/b", "a,b=\"c\""};
    const auto word = [&] { return words[random() % words.size()]; };
    std::map<Labels, Identity> by_labels;
    for (int i = 0; i < 20'000; ++i) {
        Finding made;
        made.identity = {
            static_cast<RuleId>(random() % kRuleCount), word(), word(), word(), word(), word(), word(), word(), word()};
        const auto [at, is_new] =
            by_labels.try_emplace(alert_labels(made, Config{}, nullptr, nullptr, Scope::cluster), made.identity);
        CHECK(at->second == made.identity);
    }
}

TEST_CASE("configured labels go on every alert and never replace one of ours") {
    Config config;
    config.alert_labels = {{"team", "platform"}, {"priority", "mine"}, {"subject", "mine"}};
    config.instance = "db1";
    Check check;
    check.labels = {{"team", "databases"}};
    Finding made;
    made.identity.rule = RuleId::backup_failed;
    made.identity.check = "c";
    made.priority = Priority::p2;
    const Labels labels = alert_labels(made, config, &check, nullptr, Scope::node);
    CHECK(labels == Labels{{"alertname", "BackupFailed"},
                           {"check", "c"},
                           {"instance", "db1"},
                           {"priority", "P2"},
                           {"severity", "critical"},
                           {"source", "recoverd"},
                           {"team", "databases"}});
}

TEST_CASE("the watchdog has severity none and no priority") {
    Config config;
    config.instance = "db1";
    Finding made;
    made.identity.rule = RuleId::recoverd_watchdog;
    CHECK(alert_labels(made, config, nullptr, nullptr, Scope::node) ==
          Labels{{"alertname", "RecoverdWatchdog"}, {"instance", "db1"}, {"severity", "none"}, {"source", "recoverd"}});
}
