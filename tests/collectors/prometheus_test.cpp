// SPDX-License-Identifier: Apache-2.0
// Prometheus' answers and refusals, the unhappy ones first. Documents as Prometheus 2.42 gives them.
#include "collectors/queries/evidence.hpp"
#include "tests/collectors/one_look.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd;
using namespace recoverd::test;
using namespace std::chrono_literals;
using collectors::Collected;
using collectors::queries::Absent;
using collectors::queries::Expected;
using core::Assertions;
using core::FailureKind;
using core::Measurement;

namespace {

constexpr double kNow = 1'795'316'400; // kStart

std::string vector(const std::string& result) {
    return fmt::format(R"({{"status":"success","data":{{"resultType":"vector","result":[{}]}}}})", result);
}

std::string series(const std::string& labels, const std::string& value, double at = kNow) {
    return fmt::format(R"({{"metric":{{{}}},"value":[{:.3f},"{}"]}})", labels, at, value);
}

core::Result<core::Seen> interpret(const Expected& expected, const std::string& body) {
    return collectors::queries::interpret_instant(expected, io::Json::parse(body), kStart);
}

/// What it says instead of an answer.
core::Failure failure(const Expected& expected, const std::string& body) {
    const auto seen = interpret(expected, body);
    REQUIRE_FALSE(seen);
    return seen.error();
}

bool says(const core::Failure& failure, std::string_view words) {
    UNSCOPED_INFO(failure.detail);
    return failure.detail.contains(words);
}

struct Asking {
    asio::io_context ioc;
    FakeWorld world{ioc};
    core::config::Table table{text("url", "http://prometheus.example:9090/"), text("query", "max(up) > 0")};
    io::HttpAnswer answer{.status = 200, .url = "http://prometheus.example:9090/api/v1/query?query=secret"};
    io::HttpRequest request;

    Collected look(std::string body, int status = 200) {
        answer.status = status;
        answer.body = std::move(body);
        world.on_http = [this](const io::HttpRequest& asked) {
            request = asked;
            return answer;
        };
        return test::look(ioc, world, "prometheus", table, "", 15s, 0s);
    }
};

bool is_mistake(core::config::Table table) {
    table.insert(table.begin(), {text("url", "http://prometheus.example:9090"), text("query", "up")});
    core::config::Diagnostics diagnostics;
    collectors::find("prometheus")->compile(table, {"check.x", "collector 'prometheus'", {}}, {}, diagnostics);
    return diagnostics.has_mistakes();
}

core::config::Entry number(std::string key, double value) { return entry(std::move(key), {value, {}}); }

} // namespace

TEST_CASE("a query that gives nothing is unknown unless somebody said what that means") {
    const auto said = failure({}, vector(""));
    CHECK(said.kind == FailureKind::bad_answer);
    CHECK(says(said, "absent_is"));
}

TEST_CASE("nothing that is bad fails an assertion, which holds again once there is something") {
    const Expected expected{.absent = Absent::bad};
    auto seen = interpret(expected, vector(""));
    REQUIRE(seen);
    CHECK(evidence<Assertions>(subject(seen, "")).assertions[0].actual == "absent");
    seen = interpret(expected, vector(series(R"("job":"api")", "1")));
    const auto& presence = evidence<Assertions>(subject(seen, "")).assertions[0];
    CHECK(presence.name == "series");
    CHECK(presence.expected == presence.actual);
    CHECK(evidence<Measurement>(subject(seen, R"({job="api"})")).value == 1);
}

TEST_CASE("where nothing is good the worst of all series is measured, and no series is a subject that could vanish") {
    const Expected expected{.above = 0.1, .absent = Absent::good};
    auto seen = interpret(expected, vector(series(R"("pod":"a")", "0.2") + "," + series(R"("pod":"b")", "0.7")));
    REQUIRE(seen->subjects.size() == 1);
    CHECK(evidence<Measurement>(subject(seen, "")).value == 0.7);
    seen = interpret(expected, vector(""));
    REQUIRE(seen->subjects.size() == 1);
    const auto& assertion = evidence<Assertions>(subject(seen, "")).assertions[0];
    CHECK(assertion.expected == assertion.actual);
}

TEST_CASE("NaN and infinities are no numbers, however absence is meant") {
    for (const std::string value : {"NaN", "+Inf", "-Inf"})
        for (const Absent absent : {Absent::unknown, Absent::good}) {
            CAPTURE(value);
            const auto said = failure({.above = 1, .absent = absent}, vector(series("", value)));
            CHECK(said.kind == FailureKind::bad_answer);
            CHECK(says(said, "found " + value));
        }
}

TEST_CASE("one series without a number fails by itself beside others") {
    const auto seen = interpret({}, vector(series(R"("job":"a")", "NaN") + "," + series(R"("job":"b")", "2")));
    REQUIRE(seen);
    CHECK(subject(seen, R"({job="a"})").failure);
    CHECK(evidence<Measurement>(subject(seen, R"({job="b"})")).value == 2);
}

TEST_CASE("an answer that comes with a warning may lack something, and is none") {
    const std::string body = R"({"status":"success","warnings":["no StoreAPI matched: 10.0.0.7:10901"],)"
                             R"("data":{"resultType":"vector","result":[{"metric":{},"value":[1795316400,"0"]}]}})";
    CHECK(says(failure({.above = 1}, body), "10.0.0.7:10901"));
    CHECK(says(failure({}, R"({"status":"success","isPartial":true,"data":{"resultType":"vector","result":[]}})"),
               "partial"));
}

TEST_CASE("remarks on the query's style are no warnings") {
    CHECK(interpret({}, R"({"status":"success","warnings":[],"infos":["metric might not be a counter"],)"
                        R"("data":{"resultType":"scalar","result":[1795316400,"3"]}})"));
}

TEST_CASE("before Prometheus 2.54, and in Thanos, remarks on the query's style stand among the warnings") {
    const auto body = [](std::string_view warnings) {
        return fmt::format(R"({{"status":"success","warnings":[{}],)"
                           R"("data":{{"resultType":"scalar","result":[1795316400,"3"]}}}})",
                           warnings);
    };
    const std::string remark =
        R"json("PromQL info: metric might not be a counter, name does not end in _total: \"a\" (1:6)")json";
    CHECK(interpret({}, body(remark)));
    CHECK(says(failure({}, body(remark + R"(,"no StoreAPI matched")")), "no StoreAPI"));
    CHECK(says(failure({}, body(R"("PromQL warning: encountered a mix of histograms and floats")")), "mix"));
}

TEST_CASE("an answer of another time is none") {
    for (const double at : {kNow - 600, kNow + 600}) {
        const auto said = failure({}, vector(series("", "1", at)));
        CHECK(says(said, "expected an answer of now"));
        CHECK(says(said, at > kNow ? "10m ahead" : "10m ago"));
    }
}

TEST_CASE("ranges, strings, streams and histograms are refused with what to write instead") {
    const auto typed = [](const std::string& type) {
        return fmt::format(R"({{"status":"success","data":{{"resultType":"{}","result":[]}}}})", type);
    };
    CHECK(says(failure({}, typed("matrix")), "last_over_time"));
    CHECK(says(failure({}, typed("string")), "found a \"string\""));
    CHECK(says(failure({}, typed("streams")), "count_over_time"));
    CHECK(says(failure({}, vector(R"({"metric":{"job":"a"},"histogram":[1795316400,{"count":"1"}]})")),
               "histogram_quantile"));
}

TEST_CASE("more series than subjects should be are refused, and counted") {
    std::string many;
    for (int i = 0; i < 201; ++i)
        many += (i ? "," : "") + series(fmt::format(R"("pod":"{}")", i), "1");
    const auto said = failure({}, vector(many));
    CHECK(says(said, "found 201"));
    CHECK(says(said, "aggregate"));
}

TEST_CASE("a series is named by all its labels, always the same way, or by the values of those that were named") {
    const std::string one = series(R"("__name__":"up","job":"b","instance":"a:\"1\"")", "1");
    CHECK(interpret({}, vector(one))->subjects[0].subject == R"(up{instance="a:\"1\"",job="b"})");
    CHECK(interpret({.by = {"job", "instance"}}, vector(one))->subjects[0].subject == R"(b/a:"1")");
    CHECK(interpret({}, vector(series("", "1")))->subjects[0].subject.empty());
    CHECK(says(failure({.by = {"pod"}}, vector(one)), "expected the label 'pod'"));
    CHECK(says(failure({.by = {"job"}}, vector(one + "," + one)), "two of 'b'"));
    CHECK(says(failure({}, vector(series(fmt::format(R"("l":"{:0>300}")", 0), "1"))), "by = ["));
}

TEST_CASE("freshness is the age of the sample that the query gives the moment of") {
    const Expected fresh{.fresh_within = 2min};
    const auto seen = interpret(fresh, vector(series("", "1795316310.5")));
    const auto& age = evidence<Measurement>(subject(seen, ""));
    CHECK(age.name == "age");
    CHECK(age.value == 89.5);
    CHECK(age.above == 120);
    CHECK(age.unit == "seconds");
}

TEST_CASE("the moment of the question is not taken for that of a sample") {
    const auto said = failure({.fresh_within = 2min}, vector(series("", "1795316400")));
    CHECK(said.kind == FailureKind::misconfigured);
    CHECK(says(said, "not timestamp(max(up))"));
}

TEST_CASE("what is no moment is not fresh") {
    const Expected fresh{.fresh_within = 2min};
    for (const std::string value : {"1", "0", "1795316400000", "NaN", "-Inf"})
        CHECK(says(failure(fresh, vector(series("", value))), "expected a query that gives seconds since 1970"));
    CHECK(says(failure(fresh, vector(series("", "1795317000"))), "dated 10m ahead"));
}

TEST_CASE("a scalar is measured against what was chosen") {
    const auto seen =
        interpret({.above = 5, .below = 1, .measurement = "ratio", .unit = "requests"},
                  R"({"status":"success","data":{"resultType":"scalar","result":[1795316399.9,"+7e0"]}})");
    REQUIRE(seen);
    CHECK(evidence<Measurement>(subject(seen, "")) ==
          Measurement{.name = "ratio", .value = 7, .unit = "requests", .above = 5, .below = 1});
}

TEST_CASE("an error is told in Prometheus' words, whatever its status") {
    Asking asking;
    auto seen = asking.look(R"({"status":"error","errorType":"bad_data","error":"1:5: parse error: unclosed"})", 400);
    REQUIRE_FALSE(seen);
    CHECK(seen.error().kind == FailureKind::misconfigured);
    CHECK(says(seen.error(), "status 400: bad_data: 1:5: parse error: unclosed"));
    CHECK_FALSE(says(seen.error(), "secret"));
    seen = asking.look(R"({"status":"error","errorType":"timeout","error":"query timed out"})", 503);
    CHECK(seen.error().kind == FailureKind::timed_out);
    seen = asking.look(R"({"status":"error","errorType":"execution","error":"many-to-many"})");
    CHECK(says(seen.error(), "many-to-many"));
    seen = asking.look("Service Unavailable", 503);
    CHECK(says(seen.error(), "status 503: Service Unavailable"));
    seen = asking.look("<html><body>login", 403);
    CHECK(seen.error().kind == FailureKind::refused);
    seen = asking.look("404 page not found", 404);
    CHECK(says(seen.error(), "hint: url is"));
}

TEST_CASE("an answer that is empty, cut off or a page is no answer") {
    Asking asking;
    for (const std::string body :
         {"", "{}", "<html>", R"({"status":"success"})", R"({"status":"success","data":null})",
          R"({"status":"success","data":{"resultType":"vector","result":null}})",
          R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{}}]}})",
          R"({"status":"success","data":{"resultType":"scalar","result":[1795316400,"1x"]}})"}) {
        CAPTURE(body);
        const auto seen = asking.look(body);
        REQUIRE_FALSE(seen);
        CHECK(seen.error().kind == FailureKind::bad_answer);
    }
}

TEST_CASE("the query is encoded, and tenant and headers are sent") {
    Asking asking;
    asking.table.push_back(text("tenant", "shop"));
    asking.table.push_back(entry("headers", {core::config::Table{text("X-Own", "1")}, {}}));
    REQUIRE(asking.look(vector(series("", "1"))));
    CHECK(asking.request.url == "http://prometheus.example:9090/api/v1/query?query=max%28up%29%20%3E%200");
    const auto has = [&](const std::string& name, const std::string& value) {
        return std::ranges::find(asking.request.headers, std::pair{name, value}) != asking.request.headers.end();
    };
    CHECK(has("X-Scope-OrgID", "shop"));
    CHECK(has("X-Own", "1"));
}

TEST_CASE("options that could never be bad, or contradict each other, are mistakes") {
    CHECK_FALSE(is_mistake({}));
    CHECK(is_mistake({text("absent_is", "good")}));
    CHECK_FALSE(is_mistake({text("absent_is", "good"), number("above", 0)}));
    CHECK(is_mistake({text("absent_is", "good"), text("fresh_within", "1m")}));
    CHECK(is_mistake({number("above", 1), number("below", 2)}));
    CHECK(is_mistake({number("above", 1), text("fresh_within", "1m")}));
    CHECK(is_mistake({text("absent_is", "perhaps")}));
    CHECK(is_mistake({entry("by", list({"job", "job"}))}));
    CHECK(is_mistake({text("measurement", "")}));
}

TEST_CASE("a URL that leads into the API is a mistake that says what to write") {
    core::config::Diagnostics diagnostics;
    collectors::find("prometheus")
        ->compile({text("url", "https://mimir.example/prometheus/api/v1/query"), text("query", "up")},
                  {"check.x", "collector 'prometheus'", {}}, {}, diagnostics);
    REQUIRE(diagnostics.has_mistakes());
    CHECK(diagnostics.all()[0].hint == R"(write "https://mimir.example/prometheus")");
}
