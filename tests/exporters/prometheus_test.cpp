// SPDX-License-Identifier: Apache-2.0
#include "exporters/own_metrics.hpp"
#include "exporters/prometheus.hpp"
#include "tests/exporters/support/snapshots.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <chrono>
#include <set>
#include <sstream>

using namespace recoverd;
using namespace recoverd::exporters;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;

namespace {

std::string render(const core::Snapshot& snapshot, Format format = Format::text, const OwnMetrics* own = nullptr) {
    PrometheusRenderer renderer;
    AgentFacts facts = test::facts();
    facts.own = own;
    return renderer.render(snapshot, facts, format);
}

/// Without what differs from run to run.
std::string steady(const std::string& text) {
    std::istringstream in(text);
    std::string out;
    for (std::string line; std::getline(in, line);)
        if (!line.starts_with("process_") && !line.starts_with("recoverd_build_info"))
            out += line + "\n";
    return out;
}

std::vector<std::string> series_of(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> names;
    for (std::string line; std::getline(in, line);)
        if (!line.starts_with('#'))
            names.push_back(line.substr(0, line.rfind(' ')));
    return names;
}

} // namespace

TEST_CASE("the metrics of a small shop are as they were accepted") {
    OwnMetrics own;
    own.observe_scheduler_lag(3ms);
    own.count_send("http://am:9093", "accepted");
    own.push_succeeded("http://am:9093", test::kNow);
    test::check_golden("metrics.txt", steady(render(test::sample_snapshot(), Format::text, &own)));
    test::check_golden("metrics.openmetrics.txt", steady(render(test::sample_snapshot(), Format::openmetrics, &own)));
}

TEST_CASE("promtool finds nothing to say about any metric") {
    if (test::shell("promtool --version", "").status != 0)
        SKIP("promtool is not installed");
    OwnMetrics own;
    own.count_send("http://am:9093", "accepted");
    own.push_succeeded("http://am:9093", test::kNow);
    for (const core::Snapshot& snapshot : {test::sample_snapshot(), test::hostile_snapshot(), test::empty_snapshot()}) {
        const auto ran = test::shell("promtool check metrics", render(snapshot, Format::text, &own));
        CHECK(ran.output == "");
        CHECK(ran.status == 0);
    }
}

TEST_CASE("no two series of a page are the same, however the names were chosen") {
    for (const core::Snapshot& snapshot :
         {test::sample_snapshot(), test::hostile_snapshot(), test::huge_snapshot(130)}) {
        const auto names = series_of(render(snapshot));
        const std::set<std::string> distinct(names.begin(), names.end());
        CHECK(names.size() == distinct.size());
    }
}

TEST_CASE("a family's heading stands once, and every family of the table can be had or has its own reason") {
    const std::string text = render(test::sample_snapshot());
    std::istringstream in(text);
    std::set<std::string> headings;
    for (std::string line; std::getline(in, line);)
        if (line.starts_with("# TYPE "))
            CHECK(headings.insert(line).second);
    CHECK(headings.size() > 40);
}

TEST_CASE("the series of a check go when the check goes") {
    PrometheusRenderer renderer;
    const std::string before = renderer.render(test::sample_snapshot(), test::facts());
    CHECK_THAT(before, ContainsSubstring("check=\"orders-backup\""));
    const std::string after = renderer.render(test::empty_snapshot(), test::facts());
    CHECK_THAT(after, !ContainsSubstring("check="));
    CHECK_THAT(after, !ContainsSubstring("asset="));
}

TEST_CASE("a renderer that kept its labels says the same as a fresh one") {
    PrometheusRenderer kept;
    kept.render(test::huge_snapshot(200), test::facts());
    core::Snapshot snapshot = test::sample_snapshot();
    kept.render(snapshot, test::facts());
    // The same check object, but its subject now belongs to another asset.
    core::CheckSnapshot moved = snapshot.checks[0];
    moved.subject_assets = {"elsewhere"};
    snapshot.checks.set(0, std::make_shared<const core::CheckSnapshot>(moved));
    CHECK(steady(kept.render(snapshot, test::facts())) == steady(render(snapshot)));
    CHECK_THAT(kept.render(snapshot, test::facts()), ContainsSubstring("{asset=\"elsewhere\",check=\"orders-backup\""));
}

TEST_CASE("a renderer that kept thresholds shows those of the asset that it sees now") {
    const auto promising = [](core::Snapshot snapshot, core::Duration backup_every) {
        core::AssetSnapshot asset = snapshot.assets[0];
        asset.asset.objectives.backup_every = backup_every;
        core::CheckSnapshot check = snapshot.checks[0];
        auto configured = std::make_shared<core::Check>(*check.check);
        configured->brings = {core::EvidenceKind::recovery_points};
        check.check = std::move(configured);
        snapshot.assets.set(0, std::make_shared<const core::AssetSnapshot>(std::move(asset)));
        snapshot.checks.set(0, std::make_shared<const core::CheckSnapshot>(std::move(check)));
        return snapshot;
    };
    const core::Snapshot daily = promising(test::sample_snapshot(), 24h);
    // A reload in which the check stayed as it was.
    core::Snapshot hourly = promising(daily, 1h);
    hourly.checks = daily.checks;
    hourly.config = std::make_shared<const core::Config>(*daily.config);
    // Before its asset was discovered.
    core::Snapshot bare = daily;
    bare.assets = {};
    PrometheusRenderer kept;
    for (const core::Snapshot& snapshot : {daily, hourly, bare, daily})
        CHECK(steady(kept.render(snapshot, test::facts())) == steady(render(snapshot)));
    CHECK(steady(render(daily)) != steady(render(hourly)));
    CHECK(steady(render(daily)) != steady(render(bare)));
}

TEST_CASE("a bad or future point never counts as the last success") {
    core::Snapshot snapshot = test::empty_snapshot();
    core::CheckSnapshot check = test::sample_snapshot().checks[0];
    core::SubjectMemory& seen = test::memory_of(check).subjects.begin()->second;
    core::RecoveryPoints points;
    points.points = {
        {.id = "good", .data_at = test::kNow - 5h, .ended_at = test::kNow - 5h},
        {.id = "bad", .data_at = test::kNow - 1h, .ended_at = test::kNow - 1h, .state = core::PointState::bad},
        {.id = "future", .data_at = test::kNow + 24h, .ended_at = test::kNow + 24h}};
    seen.evidence = std::make_shared<const core::EvidenceList>(core::EvidenceList{points});
    snapshot.checks.push_back(std::make_shared<const core::CheckSnapshot>(check));
    CHECK_THAT(
        render(snapshot),
        ContainsSubstring("recoverd_backup_last_success_timestamp_seconds{asset=\"orders-db\",check=\"orders-backup\","
                          "subject=\"orders/repo1\"} 1795298400\n"));
}

TEST_CASE("OpenMetrics names counters without _total in their heading and ends with its mark") {
    OwnMetrics own;
    const std::string text = render(test::sample_snapshot(), Format::openmetrics, &own);
    CHECK_THAT(text, ContainsSubstring("# TYPE recoverd_check_failures counter\nrecoverd_check_failures_total{"));
    CHECK_THAT(text, ContainsSubstring("recoverd_scheduler_lag_seconds_bucket{le=\"1.0\"}"));
    CHECK_THAT(text, EndsWith("\n# EOF\n"));
}

TEST_CASE("an Alertmanager that is none of ours any more takes its series with it") {
    OwnMetrics own;
    own.count_send("http://a", "accepted");
    own.push_succeeded("http://a", test::kNow);
    own.forget_alertmanager("http://a");
    own.count_send("http://b", "failed");
    const std::string text = render(test::empty_snapshot(), Format::text, &own);
    CHECK_THAT(text, !ContainsSubstring("http://a"));
    CHECK_THAT(text,
               ContainsSubstring("recoverd_alertmanager_sends_total{outcome=\"failed\",url=\"http://b\"} 1\n") ||
                   ContainsSubstring("recoverd_alertmanager_sends_total{url=\"http://b\",outcome=\"failed\"} 1\n"));
}

TEST_CASE("eighty thousand series are rendered in milliseconds", "[.bench]") {
    const core::Snapshot snapshot = test::huge_snapshot(8'500);
    PrometheusRenderer renderer;
    renderer.render(snapshot, test::facts());
    auto best = std::chrono::nanoseconds::max();
    std::string text;
    for (int i = 0; i < 10; ++i) {
        const auto began = std::chrono::steady_clock::now();
        text = renderer.render(snapshot, test::facts());
        best = std::min(best, std::chrono::steady_clock::now() - began);
    }
    WARN(series_of(text).size() << " series, " << text.size() << " bytes in " << best.count() / 1000 << " us");
    CHECK(series_of(text).size() > 80'000);
}
