// SPDX-License-Identifier: Apache-2.0
// What must hold for everything that shows a snapshot: it takes the empty one, a huge one and a hostile one, says the
// same twice, and lets nothing break out.
#include "core/rules/table.hpp"
#include "exporters/alertmanager.hpp"
#include "exporters/api.hpp"
#include "exporters/page/details.hpp"
#include "exporters/page/history.hpp"
#include "exporters/page/status_page.hpp"
#include "exporters/prometheus.hpp"
#include "exporters/web.hpp"
#include "io/gzip.hpp"
#include "io/json.hpp"
#include "tests/exporters/support/snapshots.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <functional>
#include <map>
#include <sstream>

using namespace recoverd;
using namespace recoverd::exporters;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

using Show = std::function<std::string(const core::Snapshot&)>;

std::string metrics(const core::Snapshot& snapshot, Format format) {
    std::istringstream in(PrometheusRenderer{}.render(snapshot, test::facts(), format));
    std::string out;
    // The process's own numbers differ from one moment to the next.
    for (std::string line; std::getline(in, line);)
        if (!line.starts_with("process_"))
            out += line + "\n";
    return out;
}

/// With a history in which others had their words.
std::string whole(const std::optional<page::Detail>& shown, std::string_view otherwise) {
    const core::Event event{test::kNow - 1h,        "alert",
                            "Backup<b>TooOld",      "firing",
                            "<script>x</script> &", {{"check", "\"><i>"}, {"priority", "P2"}, {"subject", "</td>"}}};
    return shown ? shown->above + page::history(std::vector{event}, "../api\"", test::kNow) + shown->below
                 : std::string{otherwise};
}

const std::map<std::string, Show> kExporters{
    {"prometheus", [](const auto& snapshot) { return metrics(snapshot, Format::text); }},
    {"openmetrics", [](const auto& snapshot) { return metrics(snapshot, Format::openmetrics); }},
    {"alertmanager",
     [](const auto& snapshot) {
         return batches(SentAlerts{}.due(snapshot, test::facts(), test::kNow, std::chrono::minutes{1}), 100'000)
             .front();
     }},
    {"api/status", [](const auto& snapshot) { return api::status(snapshot, test::facts()); }},
    {"api/assets", [](const auto& snapshot) { return api::assets(snapshot); }},
    {"api/checks", [](const auto& snapshot) { return api::checks(snapshot); }},
    {"api/scenarios", [](const auto& snapshot) { return api::scenarios(snapshot); }},
    {"api/validations", [](const auto& snapshot) { return api::validations(snapshot); }},
    {"api/alerts", [](const auto& snapshot) { return api::alerts(snapshot, test::facts()); }},
    {"asset page",
     [](const auto& snapshot) {
         return whole(
             page::asset_page(snapshot, test::facts(), snapshot.assets.empty() ? "" : snapshot.assets[0].asset.name),
             "no such asset");
     }},
    {"check page",
     [](const auto& snapshot) {
         return whole(
             page::check_page(snapshot, test::facts(), snapshot.checks.empty() ? "" : snapshot.checks[0].check->name),
             "no such check");
     }},
    {"last check page",
     [](const auto& snapshot) {
         const std::size_t checks = snapshot.checks.size();
         return whole(
             page::check_page(snapshot, test::facts(), checks == 0 ? "" : snapshot.checks[checks - 1].check->name),
             "no such check");
     }},
    {"status page", [](const auto& snapshot) { return status_page(snapshot, test::facts()); }},
};

bool is_json(const std::string& name) { return name.starts_with("api/") || name == "alertmanager"; }

} // namespace

TEST_CASE("every exporter shows every snapshot, and the same one in the same bytes") {
    for (const auto& [name, show] : kExporters) {
        INFO(name);
        for (const core::Snapshot& snapshot :
             {test::empty_snapshot(), test::sample_snapshot(), test::hostile_snapshot(), test::huge_snapshot(1'000)}) {
            const std::string shown = show(snapshot);
            CHECK_FALSE(shown.empty());
            CHECK(shown == show(snapshot));
            CHECK(!shown.contains('\xff'));
            if (is_json(name))
                CHECK_NOTHROW(io::Json::parse(shown));
        }
    }
}

TEST_CASE("nothing on a page was written as markup by others") {
    for (const char* name : {"status page", "asset page", "check page", "last check page"}) {
        const std::string page = kExporters.at(name)(test::hostile_snapshot());
        INFO(name);
        CHECK_THAT(page, ContainsSubstring("</html>") && ContainsSubstring("&lt;script&gt;"));
        // One script, which is ours.
        CHECK(page.find("<script") == page.rfind("<script"));
        CHECK(page.find("src=") == page.rfind("src="));
        CHECK_THAT(page, ContainsSubstring("page.js\" defer></script>"));
        CHECK_THAT(page, !ContainsSubstring("\"javascript:") && !ContainsSubstring("</style>"));
        CHECK_THAT(page, !ContainsSubstring("http-equiv=\"x"));
    }
}

TEST_CASE("an asset's page tells what is declared from what is known") {
    core::Snapshot snapshot = test::sample_snapshot();
    core::AssetSnapshot asset = snapshot.assets[0];
    asset.asset.labels = {{"declared_location", "another <region>"}, {"team", "payments"}};
    snapshot.assets.set(0, std::make_shared<const core::AssetSnapshot>(std::move(asset)));
    const std::string page = kExporters.at("asset page")(snapshot);
    CHECK_THAT(page, ContainsSubstring("<dt>Declared, not verified</dt><dd>location: another &lt;region&gt;</dd>"));
    CHECK_THAT(page, ContainsSubstring("<dt>Labels</dt><dd>team: payments</dd>"));
}

TEST_CASE("what a page shows grows older while nothing new comes") {
    auto facts = test::facts();
    facts.now = test::kNow + 3h;
    const std::string page = status_page(test::sample_snapshot(), facts);
    CHECK_THAT(page, ContainsSubstring("As of <time datetime=\"2026-11-22T06:00:00Z\">"));
    CHECK_THAT(page, ContainsSubstring("judged at <time datetime=\"2026-11-22T03:00:00Z\">"));
    // The agent's clock may be behind that of the snapshot for a moment: then its own counts.
    facts.now = test::kNow - 1h;
    CHECK(status_page(test::sample_snapshot(), facts) == status_page(test::sample_snapshot(), test::facts()));
}

TEST_CASE("the page of thousands of checks stays small, and shows every asset") {
    const std::string page = status_page(test::huge_snapshot(2'000), test::facts());
    CHECK(page.size() < 100'000);
    CHECK_THAT(page, ContainsSubstring("asset/asset-0\"") && ContainsSubstring("asset/asset-199\""));
    // Beyond that it says where the rest is.
    const std::string larger = status_page(test::huge_snapshot(20'000), test::facts());
    CHECK(io::gzip(larger).size() < 100'000);
    CHECK_THAT(larger, ContainsSubstring("and 1700 more in <a href=\"api/v1/assets\">"));
}

TEST_CASE("the status page of a small shop is as it was accepted") {
    test::check_golden("status.html", status_page(test::sample_snapshot(), test::facts()));
}

TEST_CASE("the API describes every path that it serves, and nothing else") {
    const auto described = io::Json::parse(api::openapi());
    std::size_t served = 0;
    for (const Route& route : routes()) {
        if (!route.path.starts_with("/api/v1/") || route.path.ends_with(".json"))
            continue;
        ++served;
        INFO(route.path);
        std::string path{route.path};
        if (const auto at = path.find("NAME"); at != std::string::npos)
            path.replace(at, 4, "{name}");
        CHECK(described["paths"][path][route.verb == "GET" ? "get" : "post"].is_object());
    }
    CHECK(described["paths"].object().size() == served);
    // What the schema requires of an asset and a check is really there.
    const auto assets = io::Json::parse(api::assets(test::sample_snapshot()));
    for (const auto& member : described["components"]["schemas"]["Asset"]["required"].items())
        CHECK(assets["assets"][0][member.text()]);
    const auto checks = io::Json::parse(api::checks(test::sample_snapshot()));
    for (const auto& member : described["components"]["schemas"]["Check"]["required"].items())
        CHECK_FALSE(checks["checks"][0][member.text()].absent());
    CHECK(checks["checks"][0]["subjects"][0]["evidence"][0]["kind"].text() == "recovery_points");
    const auto past = io::Json::parse(api::history({}, {core::Event{test::kNow, "alert", "a", "firing", "", {}}}));
    for (const auto& member : described["components"]["schemas"]["Event"]["required"].items())
        CHECK_FALSE(past["events"][0][member.text()].absent());
}
