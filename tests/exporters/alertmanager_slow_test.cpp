// SPDX-License-Identifier: Apache-2.0
// One of two Alertmanagers is slow: it answers late, or so late that nobody waits for it any more.
#include "tests/exporters/support/alertmanager_stage.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <set>

using namespace recoverd;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using test::count_in;
using test::firing;

namespace {

constexpr std::string_view kSlow = "10.0.0.1:";
constexpr std::string_view kFast = "10.0.0.2:";

/// Both, of which the first needs `latency` for each answer. The time-out is ten seconds.
struct TwoPlaces : test::Stage {
    explicit TwoPlaces(core::Duration latency) : Stage({"http://10.0.0.1:9093", "http://10.0.0.2:9093"}) {
        show({firing("a")});
        // Asked just before the time is taken.
        world.hangs = [this, latency](const std::string& asked) {
            world.latency = asked.contains(kSlow) ? latency : core::Duration{5};
            return false;
        };
    }
    /// What reached it, oldest first.
    std::vector<std::string> told(std::string_view place) const {
        std::vector<std::string> bodies;
        for (const io::HttpRequest& post : posts)
            if (post.url.contains(place))
                bodies.push_back(post.body);
        return bodies;
    }
    /// How often it was tried.
    std::ptrdiff_t tries(std::string_view place) const {
        return std::ranges::count_if(world.asked, [&](const std::string& asked) { return asked.contains(place); });
    }
};

/// The beginnings of the alert in all that was told of it.
std::set<std::string> beginnings(const std::vector<std::string>& bodies) {
    std::set<std::string> found;
    for (const std::string& body : bodies) {
        const auto document = io::Json::parse(body);
        for (const io::Json& alert : document.items())
            if (alert["labels"]["alertname"].text() == "BackupTooOld")
                found.insert(alert["startsAt"].text());
    }
    return found;
}

} // namespace

TEST_CASE("an Alertmanager that answers late but in time is told all once each minute, and delays no other") {
    TwoPlaces stage(9s);
    stage.pass(2s);
    CHECK(stage.told(kFast).size() == 1);
    CHECK(stage.told(kSlow).empty());
    stage.pass(10min);
    CHECK(stage.told(kFast).size() == 11);
    CHECK(stage.told(kSlow).size() == 10);
    for (const std::string& body : stage.told(kSlow))
        CHECK(count_in(body) == 2);
    CHECK(beginnings(stage.told(kSlow)) == std::set<std::string>{"2026-11-22T02:50:00Z"});
    CHECK(stage.warnings.empty());
}

TEST_CASE("what begins while a slow Alertmanager still answers is told to the other at once, and to it right after") {
    TwoPlaces stage(9s);
    stage.pass(62s);
    stage.posts.clear();
    stage.show({firing("a"), firing("b")});
    stage.sender->poke();
    stage.pass(1s);
    REQUIRE(stage.told(kFast).size() == 1);
    CHECK(count_in(stage.told(kFast).front()) == 1);
    // The one that it was at, and the next.
    stage.pass(16s);
    REQUIRE(stage.told(kSlow).size() == 2);
    CHECK(count_in(stage.told(kSlow)[0]) == 2);
    CHECK(count_in(stage.told(kSlow)[1]) == 1);
    stage.pass(40s);
    CHECK(stage.told(kSlow).size() == 2);
}

TEST_CASE("what begins while an Alertmanager answers slowly after a failure is told to it right after that answer") {
    test::Stage stage;
    stage.show({firing("a")});
    // The first try fails. The next one begins half a back-off to one and a half later, and is answered after eight
    // seconds.
    stage.status = [&](const io::HttpRequest&) {
        const bool first = stage.posts.size() == 1;
        stage.world.latency = first ? core::Duration{8s} : core::Duration{5};
        return first ? 503 : 200;
    };
    stage.pass(9s);
    REQUIRE(stage.posts.size() == 1);
    stage.show({firing("a"), firing("b")});
    stage.sender->poke();
    stage.pass(9s);
    REQUIRE(stage.posts.size() == 3);
    CHECK(count_in(stage.posts[1].body) == 2);
    CHECK(count_in(stage.posts[2].body) == 1);
    CHECK_THAT(stage.posts[2].body, ContainsSubstring("\"asset\":\"b\""));
    stage.pass(30s);
    CHECK(stage.posts.size() == 3);
}

TEST_CASE("an Alertmanager that answers after the time-out is tried again, said once, and delays no other") {
    TwoPlaces stage(11s);
    stage.pass(10min + 2s);
    CHECK(stage.told(kFast).size() == 11);
    CHECK(stage.told(kSlow).empty());
    // Ten seconds for each, and up to a minute and a half between two.
    CHECK(stage.tries(kSlow) >= 5);
    CHECK(stage.tries(kSlow) <= 25);
    REQUIRE(stage.warnings.size() == 1);
    CHECK_THAT(stage.warnings[0], ContainsSubstring("10.0.0.1") && ContainsSubstring("no answer within"));
    // It may have taken some of them. What it is told then is the same alert with the same beginning, and no other.
    stage.world.hangs = nullptr;
    stage.world.latency = 5ms;
    stage.pass(3min);
    REQUIRE_FALSE(stage.told(kSlow).empty());
    for (const std::string& body : stage.told(kSlow))
        CHECK(count_in(body) == 2);
    CHECK(beginnings(stage.told(kSlow)) == beginnings(stage.told(kFast)));
    REQUIRE(stage.warnings.size() == 2);
    CHECK_THAT(stage.warnings[1], ContainsSubstring("again"));
}

TEST_CASE("what ended while a slow Alertmanager did not answer in time is told to it as over") {
    TwoPlaces stage(11s);
    stage.pass(2min);
    core::Alert over = firing("a");
    over.state = core::AlertState::resolved;
    over.resolved_at = stage.world.timers().now();
    stage.show({over});
    stage.pass(1min);
    stage.world.hangs = nullptr;
    stage.world.latency = 5ms;
    stage.pass(3min);
    const auto told = stage.told(kSlow);
    REQUIRE_FALSE(told.empty());
    CHECK(beginnings(told) == std::set<std::string>{"2026-11-22T02:50:00Z"});
    CHECK_THAT(told.front(), ContainsSubstring("\"endsAt\":\"2026-11-22T03:02:00Z\""));
}
