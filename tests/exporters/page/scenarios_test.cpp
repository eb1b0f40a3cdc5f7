// SPDX-License-Identifier: Apache-2.0
// What the page and the API say of outages that are over, and of how far back one could go.
#include "exporters/api.hpp"
#include "exporters/page/status_page.hpp"
#include "io/json.hpp"
#include "tests/exporters/support/snapshots.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <memory>

using namespace recoverd;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A scenario whose past outages lasted so long; its `rto`, where it has one.
core::Snapshot with_outages(std::vector<core::Duration> lengths, std::optional<core::Duration> rto) {
    auto scenario = std::make_shared<core::ScenarioSnapshot>();
    scenario->scenario.name = "shop-down";
    scenario->scenario.rto = rto;
    scenario->groups.emplace_back();
    core::Time at = test::kNow - 24h;
    for (const core::Duration length : lengths) {
        scenario->groups[0].outages.past.push_back({at, at + length, "shop", {}});
        at += 1h;
    }
    core::Snapshot snapshot = test::empty_snapshot();
    snapshot.scenarios = {scenario};
    return snapshot;
}

std::string page_of(const core::Snapshot& snapshot) { return exporters::status_page(snapshot, test::facts()); }

} // namespace

TEST_CASE("past outages that took all of the time they had are marked, on the page and in the API") {
    const core::Snapshot snapshot = with_outages({4min + 59s, 5min, 12min}, 5min);
    const std::string page = page_of(snapshot);
    CHECK_THAT(page, ContainsSubstring("3 past outages, 2 longer than the RTO</summary>"));
    CHECK_THAT(page, ContainsSubstring("<li>12m from ") && ContainsSubstring("<li>4m59s from "));
    const std::string mark = "<span class=\"tag bad\">longer than its RTO of 5m</span>";
    // The newest stands first.
    const auto first = page.find(mark);
    REQUIRE(first != std::string::npos);
    CHECK(first > page.find("<li>12m from "));
    CHECK(page.rfind(mark) < page.find("<li>4m59s from "));
    const auto document = io::Json::parse(exporters::api::scenarios(snapshot));
    const auto& past = document["scenarios"][0]["groups"][0]["past"].items();
    REQUIRE(past.size() == 3);
    CHECK_FALSE(past[0]["exceeded_rto"].boolean());
    CHECK(past[1]["exceeded_rto"].boolean());
    CHECK(past[2]["exceeded_rto"].boolean());
}

TEST_CASE("where nothing was promised no outage was too long") {
    const core::Snapshot snapshot = with_outages({12h}, {});
    CHECK_THAT(page_of(snapshot), ContainsSubstring("1 past outage</summary>") && !ContainsSubstring("RTO"));
    const auto document = io::Json::parse(exporters::api::scenarios(snapshot));
    CHECK(document["scenarios"][0]["groups"][0]["past"][0]["exceeded_rto"].absent());
}

TEST_CASE("what an outage lost is held against the RPO, on the page and in the API") {
    core::Snapshot snapshot = with_outages({1min, 2min, 3min, 4min}, {});
    auto scenario = std::make_shared<core::ScenarioSnapshot>(*snapshot.scenarios[0]);
    auto& past = scenario->groups[0].outages.past;
    past[1].lost = core::Loss{};
    past[2].lost = core::Loss{30s, 2};
    past[3].lost = core::Loss{31s, 3};
    const auto told = [&](std::optional<core::Duration> rpo) {
        scenario->scenario.rpo = rpo;
        snapshot.scenarios = {std::make_shared<const core::ScenarioSnapshot>(*scenario)};
        const auto document = io::Json::parse(exporters::api::scenarios(snapshot));
        std::string marks;
        for (const io::Json& outage : document["scenarios"][0]["groups"][0]["past"].items())
            marks += outage["exceeded_rpo"].absent() ? '-' : outage["exceeded_rpo"].boolean() ? '1' : '0';
        return marks;
    };
    CHECK(told({}) == "----");
    CHECK(told(0s) == "-011");
    CHECK(told(30s) == "-001");
    const std::string page = page_of(snapshot);
    const std::string mark = "lost the writes of 31s (3 rows) <span class=\"tag bad\">more than its RPO of 30s</span>";
    CHECK_THAT(page, ContainsSubstring(mark) && ContainsSubstring("lost the writes of 30s (2 rows)"));
    CHECK(page.find("more than its RPO") == page.rfind("more than its RPO"));
}

TEST_CASE("an outage that goes on is marked in the API from the moment at which its time is up") {
    core::Snapshot snapshot = with_outages({}, 5min);
    auto scenario = std::make_shared<core::ScenarioSnapshot>(*snapshot.scenarios[0]);
    const auto exceeded = [&](core::Duration lasted) {
        scenario->groups[0].outages.running = core::Outage{test::kNow - lasted, {}, "shop", {}};
        snapshot.scenarios = {std::make_shared<const core::ScenarioSnapshot>(*scenario)};
        return io::Json::parse(
                   exporters::api::scenarios(snapshot))["scenarios"][0]["groups"][0]["outage"]["exceeded_rto"]
            .boolean();
    };
    CHECK_FALSE(exceeded(5min - 1s));
    CHECK(exceeded(5min));
}

TEST_CASE("readiness tells how far back one could go, not only to what moment") {
    CHECK_THAT(page_of(test::sample_snapshot()),
               ContainsSubstring("back to <time datetime=\"2026-11-22T00:00:00Z\">") &&
                   ContainsSubstring("and as far back as <time datetime=\"2026-11-17T03:00:00Z\">"));
}
