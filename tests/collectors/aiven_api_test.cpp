// SPDX-License-Identifier: Apache-2.0
// How Aiven's API is asked: what is sent, how its refusals and its wishes to be left alone are taken, and that nothing
// secret comes out again.
#include "collectors/aiven/api.hpp"

#include "io/evidence_json.hpp"
#include "io/percent.hpp"
#include "tests/collectors/aiven_story.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

#include <functional>

using namespace recoverd;
using namespace recoverd::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using collectors::Collected;
using collectors::aiven_parts::wait_before;
using core::FailureKind;

namespace {

const std::string kToken = "secret-of-the-token";
const std::string kPassword = "AVNS_password";
const std::string kProject = kApi + "/project/shop";

io::HttpAnswer answer(int status, std::string body, std::string retry_after = {}) {
    io::HttpAnswer made;
    made.status = status;
    made.body = std::move(body);
    if (!retry_after.empty())
        made.headers.emplace_back("retry-after", std::move(retry_after));
    return made;
}

/// The project behind a scripted world; `instead` may answer first.
struct Asked {
    asio::io_context ioc;
    FakeWorld world{ioc};
    core::config::Table options{text("project", "shop"),
                                entry("token", {core::config::Table{text("env", "TOKEN")}, {}})};
    std::map<std::string, std::string> documents{
        {"/service", "services"},
        {"/service/orders-pg/backups", "backups-pg"},
        {"/service/sessions-valkey/backups", "backups-valkey"},
        {"/service/events-kafka/topic", "topics"},
        {"/service/events-kafka/topic/orders", "topic-orders"},
        {"/service/events-kafka/topic/payments", "topic-payments"},
        {"/service-types/pg/plans", "plans-pg"},
        {"/service-types/valkey/plans", "plans-valkey"},
    };
    std::function<std::optional<core::Result<io::HttpAnswer>>(const io::HttpRequest&)> instead;
    std::vector<io::HttpRequest> requests;

    Asked() {
        world.secrets = {{"TOKEN", kToken}};
        world.on_http = [this](const io::HttpRequest& request) -> core::Result<io::HttpAnswer> {
            requests.push_back(request);
            if (instead)
                if (auto first = instead(request)) {
                    if (*first)
                        (*first)->url = request.url;
                    return *first;
                }
            auto made = answer(200, aiven_document(documents.at(request.url.substr(kProject.size()))));
            made.url = request.url;
            return made;
        };
    }
    Collected look(const std::string& cursor = {}, Duration timeout = 45s) {
        requests.clear();
        return test::look(ioc, world, "aiven", options, cursor, timeout, 0s);
    }
    std::vector<std::string> paths() const {
        std::vector<std::string> all;
        for (const io::HttpRequest& request : requests)
            all.push_back(request.url.substr(kProject.size()));
        return all;
    }
    /// Every answer is this one.
    void always(int status, const std::string& body, const std::string& retry_after = {}) {
        instead = [=](const io::HttpRequest&) { return answer(status, body, retry_after); };
    }
};

bool mistakes(core::config::Table options) {
    core::config::Diagnostics diagnostics;
    options.push_back(entry("token", {core::config::Table{text("env", "TOKEN")}, {}}));
    if (!core::config::find(options, "project"))
        options.push_back(text("project", "shop"));
    collectors::find("aiven")->compile(options, {"check.x", "collector 'aiven'", {}}, {}, diagnostics);
    return diagnostics.has_mistakes();
}

} // namespace

TEST_CASE("the token goes in Aiven's own scheme, secrets are not asked for, and nobody is followed elsewhere") {
    Asked asked;
    REQUIRE(asked.look());
    CHECK(asked.paths() == std::vector<std::string>{"/service", "/service/orders-pg/backups",
                                                    "/service/events-kafka/topic", "/service/sessions-valkey/backups",
                                                    "/service-types/pg/plans", "/service-types/valkey/plans"});
    for (const io::HttpRequest& request : asked.requests) {
        CHECK(request.verb == "GET");
        CHECK(request.auth.header_name == "Authorization");
        CHECK(request.auth.header_value.reveal() == "aivenv1 " + kToken);
        CHECK(!request.url.contains('?'));
        CHECK(request.max_redirects == 0);
    }
}

TEST_CASE("plans are not asked for again within a day, and partitions only when they are wanted") {
    Asked asked;
    const Collected first = asked.look();
    REQUIRE(first);
    asked.options.push_back(entry("partitions", {true, {}}));
    REQUIRE(asked.look(first->cursor));
    CHECK(asked.paths() == std::vector<std::string>{"/service", "/service/orders-pg/backups",
                                                    "/service/events-kafka/topic", "/service/events-kafka/topic/orders",
                                                    "/service/events-kafka/topic/payments",
                                                    "/service/sessions-valkey/backups"});
}

TEST_CASE("credentials of answers are in nothing that comes out") {
    Asked asked;
    const Collected seen = asked.look();
    REQUIRE(seen);
    const std::string all = io::to_lines(*seen) + seen->cursor;
    CHECK(aiven_document("services").contains(kPassword));
    CHECK(!all.contains("AVNS_"));
    CHECK(!all.contains("avnadmin"));
    CHECK(!all.contains(kToken));
}

TEST_CASE("a body that ends anywhere, in a password above all, leaves none of it in the failure") {
    const std::string whole = aiven_document("services");
    for (std::size_t at = whole.find(kPassword); at != std::string::npos; at = whole.find(kPassword, at + 1)) {
        Asked asked;
        asked.always(200, whole.substr(0, at + kPassword.size()));
        const Collected none = asked.look();
        REQUIRE_FALSE(none);
        CHECK(none.error().kind == FailureKind::bad_answer);
        CHECK(!none.error().detail.contains("AVNS_"));
    }
    // Keys where they do not belong: the failure says what was expected and the type of what was found.
    for (const std::string key :
         {"service_name", "state", "plan", "cloud_name", "create_time", "node_states", "backups"}) {
        Asked asked;
        asked.always(200, fmt::format(R"({{"services": [{{"service_name": "a", "{}": {{"{}": "{}"}}}}]}})", key,
                                      kPassword, kPassword));
        const Collected odd = asked.look();
        const std::string told = odd ? io::to_lines(*odd) : odd.error().detail;
        CHECK(!told.contains("AVNS_"));
    }
}

TEST_CASE("a message that repeats the token or a password is passed on without") {
    Asked asked;
    asked.always(403, fmt::format(R"({{"message": "x", "errors": [{{"status": 403,
        "message": "no {} here, nor pg://u:{}@h"}}]}})",
                                  kToken, kPassword));
    const Collected none = asked.look();
    REQUIRE_FALSE(none);
    CHECK(none.error().kind == FailureKind::refused);
    CHECK(none.error().detail == kProject + "/service: expected status 200, found 403: no *** here, nor pg://***@h");
}

TEST_CASE("the status decides, whatever the body says") {
    const std::string fine = aiven_document("services");
    for (const auto& [status, kind] : {std::pair{401, FailureKind::refused},
                                       {403, FailureKind::refused},
                                       {404, FailureKind::bad_answer},
                                       {302, FailureKind::bad_answer},
                                       {204, FailureKind::bad_answer},
                                       {0, FailureKind::bad_answer},
                                       {500, FailureKind::bad_answer},
                                       {429, FailureKind::refused}}) {
        CAPTURE(status);
        Asked asked;
        asked.always(status, fine);
        const Collected none = asked.look();
        REQUIRE_FALSE(none);
        CHECK(none.error().kind == kind);
    }
    Asked asked;
    asked.always(502, "<html>Bad gateway</html>");
    CHECK_THAT(asked.look().error().detail, ContainsSubstring("expected status 200, found 502"));
}

TEST_CASE("what is busy is asked again after as long as it says, else after 2 and 4 seconds, and at most three times") {
    for (const int status : {408, 429, 500, 501, 502, 503}) {
        CAPTURE(status);
        CHECK(wait_before(answer(status, ""), 1) == 2s);
        CHECK(wait_before(answer(status, ""), 2) == 4s);
        CHECK(wait_before(answer(status, "", "7"), 1) == 7s);
        CHECK(wait_before(answer(status, "", "0"), 1) == 0s);
        CHECK(wait_before(answer(status, "", "-5"), 1) == 2s);
        CHECK(wait_before(answer(status, "", "999999999999"), 1) == core::kDay);
        CHECK(wait_before(answer(status, "", "Sun, 22 Nov 2026 03:00:00 GMT"), 1) == 2s);
        Asked asked;
        asked.always(status, "");
        CHECK_FALSE(asked.look());
        CHECK(asked.requests.size() == 3);
    }
    for (const int status : {200, 301, 400, 401, 403, 404})
        CHECK_FALSE(wait_before(answer(status, "", "7"), 1));
}

TEST_CASE("one refusal for being too busy is no news") {
    Asked asked;
    int times = 0;
    asked.instead = [&](const io::HttpRequest&) -> std::optional<core::Result<io::HttpAnswer>> {
        return ++times % 2 == 1 ? std::optional<core::Result<io::HttpAnswer>>{answer(429, "", "1")} : std::nullopt;
    };
    const Collected seen = asked.look();
    REQUIRE(seen);
    for (const core::SubjectReport& report : seen->subjects)
        CHECK_FALSE(report.failure);
}

TEST_CASE("whoever asks to be left alone for longer than a run is left alone") {
    Asked asked;
    asked.instead = [](const io::HttpRequest& request) -> std::optional<core::Result<io::HttpAnswer>> {
        if (request.url.ends_with("/service"))
            return std::nullopt;
        return answer(429, "", "3600");
    };
    const Collected seen = asked.look();
    REQUIRE(seen);
    CHECK(asked.requests.size() == 2);
    CHECK_THAT(failure_of(subject(seen, "sessions-valkey")), ContainsSubstring("asks to be left alone for 1h"));
    CHECK(tells<core::Reachability>(subject(seen, "events-kafka")));
    CHECK_FALSE(seen->complete);
}

TEST_CASE("what hangs takes its share of the run, and not the whole") {
    Asked asked;
    asked.world.hangs = [](const std::string& what) { return what.ends_with("/service/orders-pg/backups"); };
    const Collected seen = asked.look();
    REQUIRE(seen);
    CHECK(subject(seen, "orders-pg").failure->kind == FailureKind::timed_out);
    CHECK(tells<core::Reachability>(subject(seen, "orders-pg")));
    CHECK_FALSE(subject(seen, "sessions-valkey").failure);
    asked.world.hangs = [](const std::string& what) { return what.contains("/service/"); };
    const Collected slow = asked.look({}, 20s);
    REQUIRE(slow);
    for (const char* name : {"orders-pg", "events-kafka", "sessions-valkey"})
        CHECK(subject(slow, name).failure->kind == FailureKind::timed_out);
}

TEST_CASE("a name is one part of a path, whatever is in it") {
    CHECK(io::percent_encoded("orders-pg_1.a~") == "orders-pg_1.a~");
    CHECK(io::percent_encoded("../a b?c#d%\xC3\xA9") == "..%2Fa%20b%3Fc%23d%25%C3%A9");
}

TEST_CASE("options of Aiven that cannot be meant are mistakes") {
    CHECK_FALSE(mistakes({}));
    CHECK_FALSE(mistakes({text("service", "orders-pg")}));
    CHECK_FALSE(mistakes({entry("service", list({"a", "b"}))}));
    CHECK_FALSE(mistakes({text("api_url", "http://127.0.0.1:1/v1/")}));
    CHECK_FALSE(mistakes({entry("user_config", {core::config::Table{text("valkey_persistence", "rdb")}, {}})}));
    CHECK(mistakes({entry("service", list({"a", "a"}))}));
    CHECK(mistakes({entry("service", list({}))}));
    CHECK(mistakes({entry("service", {std::int64_t{1}, {}})}));
    CHECK(mistakes({text("service", "")}));
    CHECK(mistakes({text("service", "a"), entry("tags", {core::config::Table{text("env", "prod")}, {}})}));
    CHECK(mistakes({text("api_url", "api.aiven.io")}));
    CHECK(mistakes({text("api_url", "https://api.aiven.io/v1?include_secrets=true")}));
    CHECK(mistakes({text("disaster_recovery_role", "primary")}));
    CHECK(mistakes({entry("replication", {std::int64_t{0}, {}})}));
    CHECK(mistakes({entry("min_insync_replicas", {std::int64_t{0}, {}})}));
    for (const char* secret : {"admin_password", "migration.password", "client_secret", "api_token", "access_key"})
        CHECK(mistakes({entry("user_config", {core::config::Table{text(secret, "x")}, {}})}));
}

TEST_CASE("a check of Aiven that does not ask for the range of recovery is no witness of the log") {
    const auto brings = [](bool pitr) {
        core::config::Diagnostics diagnostics;
        const core::config::Table options{text("project", "shop"),
                                          entry("token", {core::config::Table{text("env", "TOKEN")}, {}}),
                                          entry("pitr", pitr)};
        return collectors::find("aiven")
            ->compile(options, {"check.x", "collector 'aiven'", {}}, {}, diagnostics)
            .brings;
    };
    const auto has_log = [](const std::vector<core::EvidenceKind>& kinds) {
        return std::ranges::find(kinds, core::EvidenceKind::log_archive) != kinds.end();
    };
    CHECK(has_log(brings(true)));
    CHECK_FALSE(has_log(brings(false)));
    CHECK(brings(false).size() + 1 == brings(true).size());
}
