// SPDX-License-Identifier: Apache-2.0
// How large the status page gets on a bad day: people load it just then, and from wherever they are.
#include "exporters/page/script.hpp"
#include "exporters/page/status_page.hpp"
#include "exporters/page/style.hpp"
#include "io/gzip.hpp"
#include "tests/exporters/support/snapshots.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

#include <memory>

using namespace recoverd;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::AlertState;
using core::Priority;
using core::RuleId;

namespace {

constexpr std::size_t kChecks = 2'000;
/// Of each so many, one alerts.
constexpr std::size_t kPerAlert = 20;

core::SubjectMemory backups() {
    core::RecoveryPoints points;
    points.method = "pg_dump";
    for (int i = 40; i > 0; --i)
        points.points.push_back({.id = fmt::format("dump-{}", i),
                                 .data_at = test::kNow - i * 6h,
                                 .ended_at = test::kNow - i * 6h + 10min,
                                 .size_bytes = 40'000'000'000U + static_cast<std::uint64_t>(i * i % 17) * 900'000'000U,
                                 .backup_type = "full"});
    points.count = points.points.size();
    core::SubjectMemory seen;
    seen.evidence = std::make_shared<const core::EvidenceList>(core::EvidenceList{points});
    return seen;
}

/// Each has backups over ten days; one of twenty cannot be seen, and alerts.
void spoil_checks(core::Snapshot& snapshot) {
    for (std::size_t i = 0; i < snapshot.checks.size(); ++i) {
        core::CheckSnapshot check = snapshot.checks[i];
        core::CheckMemory& memory = test::memory_of(check);
        memory.subjects = {{"series", backups()}};
        if (i % kPerAlert == 0) {
            const std::string why = "10.20.30.40:5432: connection refused by the server, or a firewall before it";
            memory.failure = core::Failure{core::FailureKind::unreachable, why};
            memory.failing_since = test::kNow - 2h;
            check.alerts = {test::make_alert(RuleId::evidence_missing, check.check->asset, check.check->name, "",
                                             AlertState::firing, i % 100 == 0 ? Priority::p2 : Priority::p3,
                                             "nothing learned for 2h, 15m allowed: unreachable: " + why,
                                             *snapshot.config)};
        }
        snapshot.checks.set(i, std::make_shared<const core::CheckSnapshot>(std::move(check)));
    }
}

void spoil_assets(core::Snapshot& snapshot) {
    for (std::size_t i = 0; i < snapshot.assets.size(); ++i) {
        core::AssetSnapshot asset = snapshot.assets[i];
        asset.asset.description = "a database of one of our teams";
        asset.asset.asset_class = "gold";
        asset.asset.objectives.rpo = 1h;
        asset.asset.objectives.rto = 4h;
        asset.asset.objectives.restore_test_every = 7 * 24h;
        asset.verdict.recoverable_until = test::kNow - 6h;
        asset.verdict.proven_depth = core::Depth::restored;
        asset.verdict.proven_at = test::kNow - 9 * 24h;
        asset.verdict.proven_rto = 40min;
        for (std::size_t check = 0; check < 10; ++check)
            asset.checks.push_back(fmt::format("check-number-{}", i * 10 + check));
        if (i % 2 == 0) {
            asset.verdict.state = core::VerdictState::at_risk;
            asset.verdict.reasons = {"6h would be lost, an RPO of 1h is promised",
                                     "the restore test is overdue: none passed for 9d, one is promised every 7d"};
            asset.due = {{"restore-test", test::kNow - 2 * 24h}};
        }
        snapshot.assets.set(i, std::make_shared<const core::AssetSnapshot>(std::move(asset)));
    }
}

/// A scenario by three zones, of which one is away, and each had outages before.
std::shared_ptr<const core::ScenarioSnapshot> scenario(int number) {
    auto made = std::make_shared<core::ScenarioSnapshot>();
    made->scenario = {.name = fmt::format("scenario-{}", number), .description = "a zone is gone", .rto = 5min};
    const core::Outage past{test::kNow - 48h, test::kNow - 47h, "web-1, web-2, web-3 and 4 more", {}};
    for (const char* zone : {"eu-1a", "eu-1b", "eu-1c"}) {
        core::ScenarioSnapshot::Group group;
        group.name = zone;
        group.decision = {core::ScenarioState::clear, test::kNow, 3, 2, {}, {}};
        group.outages.past.assign(10, past);
        made->groups.push_back(std::move(group));
    }
    made->groups[0].decision = {core::ScenarioState::active, test::kNow, 3, 2, {"web-1", "web-2"}, {"web-3"}};
    made->groups[0].outages.running = core::Outage{test::kNow - 4min, {}, "web-1, web-2", {}};
    return made;
}

core::Snapshot bad_day() {
    core::Snapshot snapshot = test::huge_snapshot(kChecks);
    spoil_checks(snapshot);
    spoil_assets(snapshot);
    for (int i = 0; i < 5; ++i)
        snapshot.scenarios.push_back(scenario(i));
    snapshot.status = core::Status::partial_outage;
    return snapshot;
}

} // namespace

TEST_CASE("on a bad day of 2,000 checks, with plots and scenarios, the page stays within its bound") {
    const std::string page = exporters::status_page(bad_day(), test::facts());
    const std::size_t beside = exporters::kStatusPageStyle.size() + exporters::kPageScript.size();
    INFO(page.size() << " bytes, " << io::gzip(page).size() << " as they are sent, beside them " << beside);
    CHECK(page.size() + beside < 170'000);
    CHECK(io::gzip(page).size() < 20'000);
}

TEST_CASE("a hundred alerts, and as many checks that know nothing, are all told, the worst alerts in full") {
    const std::string page = exporters::status_page(bad_day(), test::facts());
    const std::string unknown = page.substr(page.find("<section aria-labelledby=\"blind\">"));
    for (std::size_t i = 0; i < kChecks; i += kPerAlert) {
        CHECK_THAT(page, ContainsSubstring(fmt::format("<b>asset-{}: check-number-{}</b>", i / 10, i)));
        CHECK_THAT(unknown, ContainsSubstring(fmt::format("href=\"check/check-number-{}\"", i)));
    }
    // Of the P2 each is told since when.
    const std::string alerts = page.substr(0, page.find("</section>"));
    for (std::size_t i = 0; i < kChecks; i += 100) {
        const auto at = alerts.find(fmt::format("check-number-{}</b>", i));
        REQUIRE(at != std::string::npos);
        CHECK(alerts.substr(at, alerts.find("</li>", at) - at).contains("since <time"));
    }
    CHECK_THAT(page, ContainsSubstring("<path class=\"bar\""));
}
