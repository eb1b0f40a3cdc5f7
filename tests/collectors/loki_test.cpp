// SPDX-License-Identifier: Apache-2.0
// Loki and Tempo: whether logs and traces come in. What they share with Prometheus is in prometheus_test.cpp.
#include "tests/collectors/one_look.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd;
using namespace recoverd::test;
using namespace std::chrono_literals;
using collectors::Collected;
using core::FailureKind;
using core::Measurement;

namespace {

std::string nanoseconds(Duration ago) { return fmt::format("{}123456", (kStart - ago).time_since_epoch().count()); }

std::string lines(const std::string& values) {
    return fmt::format(R"({{"status":"success","data":{{"resultType":"streams","result":[{}]}}}})", values);
}

std::string line(Duration ago) {
    return fmt::format(R"({{"stream":{{"job":"api"}},"values":[["{}","password=hunter2"]]}})", nanoseconds(ago));
}

std::string traces(const std::string& some, const std::string& metrics = R"("totalBlocks":3)") {
    return fmt::format(R"({{"traces":[{}],"metrics":{{{}}}}})", some, metrics);
}

std::string trace(Duration ago) {
    return fmt::format(R"({{"traceID":"2f3e","startTimeUnixNano":"{}","durationMs":5}})", nanoseconds(ago));
}

struct Asking {
    explicit Asking(std::string name) : collector(std::move(name)) {}

    asio::io_context ioc;
    FakeWorld world{ioc};
    std::string collector;
    core::config::Table table{text("url", "http://logs.example"), text("fresh_within", "10m")};
    std::vector<std::string> urls;
    int status = 200;

    /// `bodies` in turn, the last for good.
    Collected look(std::vector<std::string> bodies) {
        urls.clear();
        world.on_http = [this, bodies](const io::HttpRequest& asked) {
            urls.push_back(asked.url);
            return io::HttpAnswer{
                .status = status, .body = bodies[std::min(urls.size(), bodies.size()) - 1], .url = asked.url};
        };
        return test::look(ioc, world, collector, table, "", 30s, 0s);
    }
};

double age(const Collected& seen) {
    REQUIRE(seen);
    const auto& measured = evidence<Measurement>(subject(seen, ""));
    CHECK(measured.name == "age");
    CHECK(measured.above == 600);
    return measured.value;
}

bool says(const Collected& seen, std::string_view words) {
    REQUIRE_FALSE(seen);
    UNSCOPED_INFO(seen.error().detail);
    return seen.error().detail.contains(words);
}

} // namespace

TEST_CASE("no log line within the hour is unknown, or as old as that hour where it is said to be bad") {
    Asking asking{"loki"};
    asking.table.push_back(text("query", R"({job="api"})"));
    CHECK(says(asking.look({lines("")}), "no log line within the last 1h"));
    asking.table.push_back(text("absent_is", "bad"));
    CHECK(age(asking.look({lines("")})) == 3600);
}

TEST_CASE("the newest log line of all streams counts, and nothing of it is told") {
    Asking asking{"loki"};
    asking.table.push_back(text("query", R"({job="api"})"));
    const auto seen = asking.look({lines(line(20min) + "," + line(3min))});
    CHECK(age(seen) == 180);
    CHECK(asking.urls[0].starts_with("http://logs.example/loki/api/v1/query_range?query=%7Bjob%3D%22api%22%7D&start="));
    CHECK(asking.urls[0].ends_with("&limit=1&direction=backward"));
}

TEST_CASE("a log line or trace that is dated ahead proves nothing") {
    Asking logs{"loki"};
    logs.table.push_back(text("query", R"({job="api"})"));
    CHECK(says(logs.look({lines(line(-5min))}), "dated 5m ahead"));
    CHECK(age(logs.look({lines(line(-1min))})) == 0);
    Asking spans{"tempo"};
    CHECK(says(spans.look({traces(trace(-1h))}), "the newest trace is dated 1h ahead"));
}

TEST_CASE("numbers are not log lines, and log lines are not numbers") {
    Asking asking{"loki"};
    asking.table.push_back(text("query", R"({job="api"})"));
    CHECK(says(asking.look({R"({"status":"success","data":{"resultType":"matrix","result":[]}})"}),
               "expected a query that gives log lines"));
    asking.table = {text("url", "http://logs.example"), text("query", R"({job="api"})")};
    asking.status = 400;
    const auto seen = asking.look({"log queries are not supported as an instant query type, please change your query"});
    CHECK(says(seen, "hint: for the age of the newest line write fresh_within"));
    CHECK(seen.error().kind == FailureKind::misconfigured);
    CHECK(asking.urls[0].starts_with("http://logs.example/loki/api/v1/query?"));
}

TEST_CASE("a Loki that wants to know the tenant says so, and so does the failure") {
    Asking asking{"loki"};
    asking.table.push_back(text("query", R"({job="api"})"));
    asking.status = 401;
    const auto seen = asking.look({"no org id\n"});
    CHECK(seen.error().kind == FailureKind::refused);
    CHECK(says(seen, "status 401: no org id; hint: name the tenant"));
}

TEST_CASE("a metric query of Loki is judged as one of Prometheus") {
    Asking asking{"loki"};
    asking.table = {text("url", "http://logs.example"), text("query", "sum(rate({job=\"api\"}[5m]))"),
                    entry("above", {5.0, {}})};
    const auto seen = asking.look(
        {R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1795316400,"7.5"]}]}})"});
    CHECK(evidence<Measurement>(subject(seen, "")).value == 7.5);
}

TEST_CASE("no trace at all is unknown, or bad where it is said so") {
    Asking asking{"tempo"};
    CHECK(says(asking.look({traces("")}), "no trace within the last 1h"));
    CHECK(says(asking.look({R"({"metrics":{"totalBlocks":1}})"}), "no trace"));
    asking.table.push_back(text("absent_is", "bad"));
    CHECK(age(asking.look({traces("")})) == 3600);
}

TEST_CASE("a search that found nothing and did not look everywhere is no answer") {
    Asking asking{"tempo"};
    asking.table.push_back(text("absent_is", "bad"));
    CHECK(says(asking.look({traces("", R"("completedJobs":2,"totalJobs":9)")}), "in 2 of 9 parts"));
    Asking other{"tempo"};
    CHECK(age(other.look({traces(trace(1min), R"("completedJobs":2,"totalJobs":9)")})) == 60);
}

TEST_CASE("only new traces are asked for, since a search gives any; older ones once there are none") {
    Asking asking{"tempo"};
    CHECK(age(asking.look({traces(trace(9min) + "," + trace(2min))})) == 120);
    REQUIRE(asking.urls.size() == 1);
    CHECK(asking.urls[0] == "http://logs.example/api/search?q=%7B%7D&start=1795315800&end=1795316401&limit=20");
    Asking older{"tempo"};
    CHECK(age(older.look({traces(""), traces(trace(40min))})) == 2400);
    REQUIRE(older.urls.size() == 2);
    CHECK(older.urls[1] == "http://logs.example/api/search?q=%7B%7D&start=1795312800&end=1795316401&limit=20");
}

TEST_CASE("a metric of traces is judged as one of Prometheus, and what protobuf leaves out is zero") {
    Asking asking{"tempo"};
    asking.table = {text("url", "http://logs.example"), text("query", "{ status = error } | rate() by (name)"),
                    entry("above", {5.0, {}}), entry("by", {core::config::Array{{std::string{"name"}, {}}}, {}})};
    const auto seen = asking.look({R"({"series":[
        {"labels":[{"key":"name","value":{"stringValue":"pay"}}],"value":7.5},
        {"labels":[{"key":"name","value":{"stringValue":"look"}}]}],"metrics":{"inspectedBytes":"17"}})"});
    CHECK(evidence<Measurement>(subject(seen, "pay")).value == 7.5);
    CHECK(evidence<Measurement>(subject(seen, "pay")).above == 5);
    CHECK(evidence<Measurement>(subject(seen, "look")).value == 0);
    CHECK(asking.urls[0] ==
          "http://logs.example/api/metrics/query?q=%7B%20status%20%3D%20error%20%7D%20%7C%20rate%28%29%20by"
          "%20%28name%29&start=1795316100&end=1795316400");
}

TEST_CASE("a metric of traces that is partial, absent or not a number is not green") {
    struct Row {
        std::string_view body, says;
    };
    const Row rows[] = {
        {R"({"series":[{"value":1}],"status":"PARTIAL","message":"too many blocks"})", "partial: \"too many blocks\""},
        {R"({"series":[{"value":1}],"metrics":{"completedJobs":1,"totalJobs":"4"}})", ""},
        {R"({"series":[{"value":1}],"metrics":{"completedJobs":1,"totalJobs":4}})", "1 of 4 parts"},
        {R"({"series":[],"metrics":{}})", "the query gives nothing"},
        {R"({"metrics":{}})", "the query gives nothing"},
        {R"({"series":[{"value":"NaN"}]})", ""},
        {R"({"series":[{"samples":[{"value":1}]}]})", "one value"},
        {R"({"traces":[]})", ""},
        {"[]", ""},
    };
    for (const Row& row : rows) {
        CAPTURE(row.body);
        Asking asking{"tempo"};
        asking.table = {text("url", "http://logs.example"), text("query", "{} | rate()"), entry("below", {5.0, {}})};
        const auto seen = asking.look({std::string{row.body}});
        CHECK(says(seen, row.says));
        CHECK(seen.error().kind == FailureKind::bad_answer);
    }
}

TEST_CASE("what is no answer of Loki or Tempo is a failure") {
    for (const std::string collector : {"loki", "tempo"})
        for (
            const std::string body :
            {"", "{}", "[]", "<html>", R"({"status":"success","data":{"resultType":"streams","result":null}})",
             R"({"traces":[{"startTimeUnixNano":"soon"}]})", R"({"traces":[{}]})", R"({"traces":7})",
             R"({"status":"success","data":{"resultType":"streams","result":[{"values":[[17]]}]}})",
             R"({"status":"success","warnings":["one querier is gone"],"data":{"resultType":"streams","result":[]}})"}) {
            CAPTURE(collector, body);
            Asking asking{collector};
            if (collector == "loki")
                asking.table.push_back(text("query", "{}"));
            const auto seen = asking.look({body});
            REQUIRE_FALSE(seen);
            CHECK(seen.error().kind == FailureKind::bad_answer);
        }
}
