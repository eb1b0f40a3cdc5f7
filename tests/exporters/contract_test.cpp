// SPDX-License-Identifier: Apache-2.0
// What must hold for everything that shows a snapshot: it takes the empty one, a huge one and a hostile one, says the
// same twice, and lets nothing break out.
#include "core/rules/table.hpp"
#include "exporters/alertmanager.hpp"
#include "exporters/api.hpp"
#include "exporters/prometheus.hpp"
#include "exporters/status_page.hpp"
#include "exporters/web.hpp"
#include "io/json.hpp"
#include "tests/exporters/support/snapshots.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <functional>
#include <map>
#include <sstream>

using namespace recoverd;
using namespace recoverd::exporters;
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
    {"api/alerts", [](const auto& snapshot) { return api::alerts(snapshot, test::facts()); }},
    {"status page", [](const auto& snapshot) { return status_page(snapshot, test::facts()); }},
};

bool is_json(const std::string& name) { return name.starts_with("api/") || name == "alertmanager"; }

io::HttpIncoming request(std::string verb, std::string path) {
    io::HttpIncoming incoming;
    incoming.verb = std::move(verb);
    incoming.path = std::move(path);
    incoming.local = true;
    return incoming;
}

Web web(WebOptions options = {}, core::Snapshot snapshot = test::sample_snapshot()) {
    WebSources sources;
    auto shared = std::make_shared<const core::Snapshot>(std::move(snapshot));
    sources.snapshot = [shared] { return shared; };
    sources.facts = [] { return test::facts(); };
    sources.config = [] { return std::string{"[asset.a]\n"}; };
    sources.ready = [] { return true; };
    sources.reload = [](const auto& done) { done("recoverd.toml:1:1: no"); };
    sources.outcome = [](const io::HttpIncoming&, const io::HttpReplier& later) { later({.status = 201}); };
    sources.forget = [](const io::HttpIncoming&, const io::HttpReplier& later) { later({.status = 200}); };
    sources.outcome_token = [] { return std::string{"secret"}; };
    return Web(std::move(sources), std::move(options));
}

io::HttpReply ask(Web& web, const io::HttpIncoming& incoming) {
    std::optional<io::HttpReply> reply;
    auto now = web(incoming, [&](io::HttpReply later) { reply = std::move(later); });
    return now ? *now : reply.value();
}

} // namespace

TEST_CASE("every exporter shows every snapshot, and the same one in the same bytes") {
    for (const auto& [name, show] : kExporters) {
        INFO(name);
        for (const core::Snapshot& snapshot :
             {test::empty_snapshot(), test::sample_snapshot(), test::hostile_snapshot(), test::huge_snapshot(1'000)}) {
            const std::string shown = show(snapshot);
            CHECK_FALSE(shown.empty());
            CHECK(shown == show(snapshot));
            CHECK(shown.find('\xff') == std::string::npos);
            if (is_json(name))
                CHECK_NOTHROW(io::Json::parse(shown));
        }
    }
}

TEST_CASE("nothing on the status page was written as markup by others") {
    const std::string page = status_page(test::hostile_snapshot(), test::facts());
    CHECK_THAT(page, !ContainsSubstring("<script") && !ContainsSubstring("javascript:"));
    CHECK(page.find("</style>") == page.rfind("</style>"));
    CHECK_THAT(page, !ContainsSubstring("http-equiv=\"x") && !ContainsSubstring("src="));
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
        CHECK(described["paths"][route.path][route.verb == "GET" ? "get" : "post"].is_object());
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
}

TEST_CASE("every path of the table answers GET and HEAD, and says what it expects otherwise") {
    Web site = web();
    for (const Route& route : routes()) {
        INFO(route.path);
        if (route.verb == "GET") {
            CHECK(ask(site, request("GET", std::string{route.path})).status == 200);
            CHECK(ask(site, request("HEAD", std::string{route.path})).status == 200);
            CHECK(ask(site, request("POST", std::string{route.path})).status == 405);
        } else {
            CHECK(ask(site, request("GET", std::string{route.path})).status == 405);
        }
    }
    const auto lost = ask(site, request("GET", "/metric"));
    CHECK(lost.status == 404);
    CHECK_THAT(lost.body, ContainsSubstring("hint: ") && ContainsSubstring("/metrics"));
}

TEST_CASE("behind a route prefix only the prefix is served") {
    Web site = web({.route_prefix = "/recoverd/"});
    CHECK(ask(site, request("GET", "/recoverd/metrics")).status == 200);
    CHECK(ask(site, request("GET", "/metrics")).status == 404);
    CHECK(ask(site, request("GET", "/recoverdmetrics")).status == 404);
    CHECK(ask(site, request("GET", "/recoverd")).headers.front().second == "/recoverd/");
}

TEST_CASE("OpenMetrics comes only to those who ask for it") {
    Web site = web();
    auto incoming = request("GET", "/metrics");
    CHECK_THAT(ask(site, incoming).content_type, ContainsSubstring("text/plain; version=0.0.4"));
    incoming.headers = {{"accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"}};
    CHECK_THAT(ask(site, incoming).content_type, ContainsSubstring("application/openmetrics-text"));
}

TEST_CASE("a reload is only taken when it was allowed, and tells what was wrong") {
    Web closed = web();
    CHECK(ask(closed, request("POST", "/-/reload")).status == 403);
    Web open = web({.lifecycle = true});
    const auto reply = ask(open, request("POST", "/-/reload"));
    CHECK(reply.status == 500);
    CHECK_THAT(reply.body, ContainsSubstring("recoverd.toml:1:1: no"));
    auto foreign = request("POST", "/-/reload");
    foreign.headers = {{"origin", "https://evil.example"}, {"host", "recoverd:9754"}};
    CHECK(ask(open, foreign).status == 403);
    foreign.headers = {{"origin", "null"}};
    CHECK(ask(open, foreign).status == 403);
}

TEST_CASE("outcomes and what to forget come from this host, or with the token, and as JSON") {
    Web site = web();
    const auto [path, taken] =
        GENERATE(std::pair{std::string{"/api/v1/outcomes"}, 201}, std::pair{std::string{"/api/v1/forget"}, 200});
    auto outcome = request("POST", path);
    CHECK(ask(site, outcome).status == 415);
    outcome.headers = {{"content-type", "application/json"}};
    CHECK(ask(site, outcome).status == taken);
    outcome.local = false;
    CHECK(ask(site, outcome).status == 401);
    outcome.headers.emplace_back("authorization", "Bearer wrong!");
    CHECK(ask(site, outcome).status == 401);
    outcome.headers.back().second = "Bearer secret";
    CHECK(ask(site, outcome).status == taken);
}
