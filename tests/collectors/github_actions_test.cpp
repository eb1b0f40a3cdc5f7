// SPDX-License-Identifier: Apache-2.0
// What the runs of a workflow say, and how GitHub is asked: with the tags of its last answers, and not while it does
// not want to be. The documents in tests/data/github_actions/ are written after GitHub's documentation of its API.
#include "collectors/github_actions.hpp"
#include "core/assertion.hpp"
#include "core/config/values.hpp"
#include "tests/collectors/one_look.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <map>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::ExerciseOutcome;
using test::evidence;
using test::subject;
using test::text;

namespace {

std::string document(const std::string& name) { return test::data("github_actions/" + name + ".json"); }

std::vector<core::Exercise> runs_of(const std::string& json, const std::string& event = {}) {
    return interpret_github_runs(io::Json::parse(json), {"restore-test", core::Depth::restored, event});
}

std::string one_run(const std::string& status, const std::string& conclusion, const std::string& event = "schedule") {
    return fmt::format(R"({{"workflow_runs": [{{"id": 7, "event": "{}", "status": "{}", "conclusion": {},
        "run_attempt": 1, "run_started_at": "2026-11-22T02:00:00Z", "updated_at": "2026-11-22T02:20:00Z"}}]}})",
                       event, status, conclusion);
}

io::HttpAnswer answer(int status, std::string body = {},
                      std::vector<std::pair<std::string, std::string>> headers = {}) {
    io::HttpAnswer made;
    made.status = status;
    made.body = std::move(body);
    made.headers = std::move(headers);
    made.url = "https://api.github.com/x";
    return made;
}

struct Scripted {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    Result<io::HttpAnswer> workflow = answer(200, document("workflow-active"), {{"etag", "W/\"w1\""}});
    Result<io::HttpAnswer> runs = answer(200, document("passed"), {{"etag", "W/\"r1\""}});
    std::vector<io::HttpRequest> requests;
    core::config::Table table{text("repository", "example/orders"), text("workflow", "restore.yml"),
                              text("depth", "restored")};
    std::string cursor;
    Duration later{0};

    Scripted() {
        world.on_http = [this](const io::HttpRequest& request) {
            requests.push_back(request);
            return request.url.contains("/runs?") ? runs : workflow;
        };
    }

    Collected look(Duration passed = 0ms) {
        requests.clear();
        later += passed;
        auto seen = test::look(ioc, world, "github_actions", table, cursor, 30s, later);
        if (seen)
            cursor = seen->cursor;
        return seen;
    }

    static std::string header(const io::HttpRequest& request, std::string_view name) {
        for (const auto& [key, value] : request.headers)
            if (key == name)
                return value;
        return {};
    }
};

} // namespace

TEST_CASE("github_actions: a run that was skipped, is neutral or waits for approval is no success and no failure") {
    for (const auto* conclusion : {"skipped", "neutral", "action_required", "a_word_that_is_new"})
        CHECK(runs_of(one_run("completed", fmt::format("\"{}\"", conclusion))).empty());
    for (const auto* status : {"queued", "waiting", "requested", "pending", "another"})
        CHECK(runs_of(one_run(status, "null")).empty());
}

TEST_CASE("github_actions: only success has passed, and what was ended from outside was aborted") {
    const auto outcome = [](const std::string& conclusion) {
        return runs_of(one_run("completed", "\"" + conclusion + "\"")).at(0).outcome;
    };
    CHECK(outcome("success") == ExerciseOutcome::passed);
    for (const auto* conclusion : {"failure", "timed_out", "startup_failure"})
        CHECK(outcome(conclusion) == ExerciseOutcome::failed);
    for (const auto* conclusion : {"cancelled", "stale"})
        CHECK(outcome(conclusion) == ExerciseOutcome::aborted);
    CHECK(runs_of(one_run("completed", "\"failure\"")).at(0).depth == core::Depth::exists);
}

TEST_CASE("github_actions: where somebody forgot what it told, it begins anew, as what it remembers is of one piece") {
    Scripted scripted;
    REQUIRE(scripted.look());
    core::config::Diagnostics none;
    const auto compiled = find("github_actions")->compile(scripted.table, {"check.x", "", {}}, {}, none);
    Run anew{scripted.world, 30s, scripted.cursor, scripted.world.timers().now(), "x"};
    anew.forgotten = {""};
    scripted.requests.clear();
    REQUIRE(test::run(scripted.ioc, scripted.world.timers(), compiled.collect(std::move(anew))));
    REQUIRE(scripted.requests.size() == 2);
    for (const io::HttpRequest& request : scripted.requests)
        CHECK(Scripted::header(request, "If-None-Match").empty());
}

TEST_CASE("github_actions: a run that GitHub touches long after its end has not ended anew") {
    const auto touched = [](const std::string& at) {
        return fmt::format(R"({{"workflow_runs": [{{"id": 7, "event": "schedule", "status": "completed",
            "conclusion": "success", "run_attempt": 1, "run_started_at": "2025-10-01T02:00:00Z",
            "updated_at": "{}"}}]}})",
                           at);
    };
    const core::Exercise late = runs_of(touched("2026-11-01T00:00:00Z")).at(0);
    CHECK(core::config::format_time(*late.ended_at) == "2025-11-05T02:00:00Z");
    Scripted scripted;
    scripted.runs = answer(200, touched("2025-10-01T02:20:00Z"), {{"etag", "\"1\""}});
    REQUIRE(scripted.look());
    scripted.runs = answer(200, touched("2025-10-20T00:00:00Z"), {{"etag", "\"2\""}});
    const auto seen = scripted.look();
    CHECK(core::config::format_time(*evidence<core::Exercise>(subject(seen, "")).ended_at) == "2025-10-01T02:20:00Z");
}

TEST_CASE("github_actions: a run that is completed without a conclusion is no run") {
    CHECK_THROWS_AS(runs_of(one_run("completed", "null")), io::BadDocument);
    CHECK_THROWS_AS(runs_of("{}"), io::BadDocument);
    CHECK_THROWS_AS(runs_of(R"({"workflow_runs": [{}]})"), io::BadDocument);
    CHECK_THROWS_AS(interpret_github_workflow(io::Json::parse("{}")), io::BadDocument);
}

TEST_CASE("github_actions: the newest completed run counts while the next one is in progress, and both are told") {
    const auto runs = runs_of(document("running"));
    REQUIRE(runs.size() == 2);
    CHECK(runs[0].outcome == ExerciseOutcome::passed);
    CHECK(runs[0].id == "30433644/1");
    CHECK(runs[0].depth == core::Depth::restored);
    CHECK(core::config::format_time(*runs[0].ended_at) == "2026-11-15T03:21:40Z");
    CHECK(runs[0].link == "https://github.com/example/orders/actions/runs/30433644");
    // How long a workflow runs is not how long a recovery takes.
    CHECK_FALSE(runs[0].rto);
    CHECK(runs[1].outcome == ExerciseOutcome::started);
    CHECK_FALSE(runs[1].ended_at);
    CHECK(runs_of(document("none")).empty());
}

TEST_CASE("github_actions: an old run that was repeated and failed is the newest, with a name of its own") {
    const auto runs = runs_of(document("repeated"));
    REQUIRE(runs.size() == 1);
    CHECK(runs[0].id == "30433644/2");
    CHECK(runs[0].outcome == ExerciseOutcome::failed);
    CHECK_THAT(runs[0].message, ContainsSubstring("failure"));
}

TEST_CASE("github_actions: what a pull request ran proves nothing, unless it is asked for") {
    for (const auto* event : {"pull_request", "pull_request_target"}) {
        const std::string json = one_run("completed", "\"success\"", event);
        CHECK(runs_of(json).empty());
        CHECK(runs_of(json, event).size() == 1);
        CHECK(runs_of(json, "schedule").empty());
    }
}

TEST_CASE("github_actions: a workflow that GitHub switched off is said, with the reason") {
    Scripted scripted;
    scripted.workflow = answer(200, document("workflow-disabled_inactivity"));
    const auto seen = scripted.look();
    REQUIRE(seen);
    const auto& state = evidence<core::Assertions>(subject(seen, "")).assertions.at(0);
    CHECK(core::state_of(state) == core::AssertionState::fails);
    CHECK(state.actual == "disabled_inactivity");
    CHECK_THAT(state.detail, ContainsSubstring("60 days"));
    CHECK(evidence<core::Exercise>(subject(seen, "")).outcome == ExerciseOutcome::passed);
}

TEST_CASE("github_actions: what was not modified is asked for with its tag, and is what it was") {
    Scripted scripted;
    const auto first = scripted.look();
    REQUIRE(first);
    CHECK(Scripted::header(scripted.requests[0], "If-None-Match").empty());
    CHECK(scripted.requests[1].url == "https://api.github.com/repos/example/orders/actions/workflows/restore.yml/runs"
                                      "?exclude_pull_requests=true&per_page=20");
    scripted.workflow = answer(304);
    scripted.runs = answer(304);
    for (int i = 0; i < 3; ++i) {
        const auto seen = scripted.look(5min);
        REQUIRE(seen);
        CHECK(Scripted::header(scripted.requests[0], "If-None-Match") == "W/\"w1\"");
        CHECK(Scripted::header(scripted.requests[1], "If-None-Match") == "W/\"r1\"");
        CHECK(seen->subjects == first->subjects);
    }
    scripted.runs = answer(200, document("repeated"), {{"etag", "W/\"r2\""}});
    CHECK(evidence<core::Exercise>(subject(scripted.look(5min), "")).outcome == ExerciseOutcome::failed);
    scripted.runs = answer(304);
    CHECK(evidence<core::Exercise>(subject(scripted.look(5min), "")).outcome == ExerciseOutcome::failed);
    CHECK(Scripted::header(scripted.requests[1], "If-None-Match") == "W/\"r2\"");
}

TEST_CASE("github_actions: \"not modified\" without anything that could be unmodified is no answer") {
    Scripted scripted;
    scripted.workflow = answer(304);
    const auto seen = scripted.look();
    REQUIRE_FALSE(seen);
    CHECK(seen.error().kind == FailureKind::bad_answer);
}

TEST_CASE("github_actions: tags of other questions, and tags that are none, are not sent") {
    Scripted scripted;
    REQUIRE(scripted.look());
    scripted.table.push_back(text("branch", "release/1 & more"));
    REQUIRE(scripted.look());
    CHECK(Scripted::header(scripted.requests[1], "If-None-Match").empty());
    CHECK_THAT(scripted.requests[1].url, ContainsSubstring("&branch=release%2F1%20%26%20more"));
    Scripted odd;
    odd.runs = answer(200, document("passed"), {{"etag", "a\r\nX-Bad: 1"}});
    REQUIRE(odd.look());
    REQUIRE(odd.look());
    CHECK(Scripted::header(odd.requests[1], "If-None-Match").empty());
}

TEST_CASE("github_actions: after its rate limit GitHub is not asked again before it wants to be") {
    Scripted scripted;
    REQUIRE(scripted.look());
    const auto reset = core::to_unix_seconds(scripted.world.timers().now() + 20min);
    scripted.runs =
        answer(403, "{}", {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", fmt::format("{:.0f}", reset)}});
    const auto limited = scripted.look();
    REQUIRE(limited);
    REQUIRE(subject(limited, "").failure);
    CHECK(subject(limited, "").failure->kind == FailureKind::refused);
    CHECK_THAT(subject(limited, "").failure->detail, ContainsSubstring("rate limit"));
    CHECK(subject(limited, "").evidence.empty());
    CHECK(scripted.look(5min));
    CHECK(scripted.requests.empty());
    CHECK(scripted.look(10min));
    CHECK(scripted.requests.empty());
    // What was known before is still what could be unmodified.
    scripted.runs = answer(304);
    const auto seen = scripted.look(6min);
    CHECK(scripted.requests.size() == 2);
    CHECK(evidence<core::Exercise>(subject(seen, "")).outcome == ExerciseOutcome::passed);
    CHECK_FALSE(subject(seen, "").failure);
}

TEST_CASE("github_actions: each of GitHub's ways to say that it was too often is understood, and lies are bounded") {
    const Time now = test::kStart;
    using Headers = std::vector<std::pair<std::string, std::string>>;
    const auto until = [&](int status, const Headers& headers, const std::string& body = "{}") {
        return github_not_before(answer(status, body, headers), now);
    };
    CHECK(until(429, {{"retry-after", "120"}}) == now + 2min);
    CHECK(until(403, {{"retry-after", "120"}}) == now + 2min);
    CHECK(until(429, {}) == now + 1min);
    CHECK(until(403, {}, R"({"message": "You have exceeded a secondary rate limit."})") == now + 1min);
    CHECK(until(403, {{"x-ratelimit-remaining", "0"}}) == now + 1min);
    // Not for this reason.
    CHECK_FALSE(until(403, {{"x-ratelimit-remaining", "17"}, {"x-ratelimit-reset", "1795317000"}}));
    CHECK_FALSE(until(200, {{"retry-after", "120"}}));
    // Longer than an hour is none of its limits, and the past is over.
    CHECK(until(429, {{"retry-after", "99999999999999999999"}}) == now + 1min);
    CHECK(until(429, {{"retry-after", "9999999999999999"}}) == now + 1h);
    CHECK(until(403, {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "9999999999999"}}) == now + 1h);
    CHECK(until(403, {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1"}}) == now + 1min);
}

TEST_CASE("github_actions: a clock that was set back makes nobody wait for days") {
    Scripted scripted;
    scripted.runs = answer(429);
    REQUIRE(scripted.look(core::kDay));
    scripted.later = 0ms;
    scripted.runs = answer(200, document("passed"));
    const auto seen = scripted.look();
    CHECK(scripted.requests.size() == 2);
    CHECK(evidence<core::Exercise>(subject(seen, "")).outcome == ExerciseOutcome::passed);
}

TEST_CASE("github_actions: a token that is wrong or may not look is refused, and 404 may be either") {
    for (const auto& [status, words] :
         {std::pair{401, "token"}, std::pair{403, "403"}, std::pair{404, "may not read"}}) {
        Scripted scripted;
        scripted.workflow = answer(status, "{}");
        const auto seen = scripted.look();
        REQUIRE_FALSE(seen);
        CHECK(seen.error().kind == FailureKind::refused);
        CHECK_THAT(seen.error().detail, ContainsSubstring(words));
    }
    Scripted broken;
    broken.runs = answer(502, "<html>");
    CHECK(broken.look().error().kind == FailureKind::bad_answer);
    broken.runs = answer(200, "<html>");
    CHECK(broken.look().error().kind == FailureKind::bad_answer);
}

TEST_CASE("github_actions: the token goes into the header and nowhere else") {
    Scripted scripted;
    scripted.world.secrets["hidden"] = "ghp_s3cret";
    scripted.table.push_back({"token", {}, {core::config::Table{text("env", "hidden")}, {}}});
    const auto seen = scripted.look();
    REQUIRE(seen);
    for (const io::HttpRequest& request : scripted.requests) {
        CHECK(request.auth.bearer.reveal() == "ghp_s3cret");
        CHECK_THAT(request.url, !ContainsSubstring("s3cret"));
        CHECK(Scripted::header(request, "X-GitHub-Api-Version") == "2022-11-28");
    }
    CHECK_THAT(seen->cursor, !ContainsSubstring("s3cret"));
}

TEST_CASE("github_actions: what is no repository or no workflow is a mistake") {
    for (const auto& [repository, workflow] :
         {std::pair{"orders", "restore.yml"}, std::pair{"a/b/c", "restore.yml"}, std::pair{"/orders", "restore.yml"},
          std::pair{"example/", "restore.yml"}, std::pair{"example/or ders", "restore.yml"},
          std::pair{"example/orders", ".github/workflows/restore.yml"}}) {
        CAPTURE(repository, workflow);
        core::config::Diagnostics diagnostics;
        find("github_actions")
            ->compile({text("repository", repository), text("workflow", workflow)},
                      {"check.x", "collector 'github_actions'", {}}, {}, diagnostics);
        CHECK(diagnostics.has_mistakes());
    }
}

TEST_CASE("github_actions: a cursor that makes no sense begins anew, and one that does is read as it was") {
    for (const auto* cursor : {"nonsense", "[]", "{}", R"({"asked": 3})"})
        CHECK(GithubMemory::read(cursor) == GithubMemory{});
    GithubMemory memory;
    memory.asked = "x";
    memory.runs_tag = "\"y\"";
    memory.state = "active";
    memory.runs = runs_of(document("running"));
    memory.not_before = test::kStart;
    CHECK(GithubMemory::read(memory.write()) == memory);
}
