// SPDX-License-Identifier: Apache-2.0
// DynamoDB's protocol: what one item is asked for with, and what counts as an answer. The signature is held against an
// independent one.
#include "collectors/terraform_state/dynamodb.hpp"

#include "io/real_world.hpp"
#include "tests/collectors/one_look.hpp"
#include "tests/support/fake_world.hpp"
#include "tests/support/real_loop.hpp"
#include "tests/support/sigv4.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr const char* kSecret = "the-secret/of+this=key";
constexpr const char* kId = "states/env/terraform.tfstate";
constexpr const char* kNoItem = R"({"ConsumedCapacity":{"TableName":"locks","CapacityUnits":1.0}})";

s3_parts::Access access_to(const std::string& bucket_url) {
    s3_parts::Access access;
    access.bucket = "states";
    access.url = bucket_url;
    access.auth.username = "AKIDEXAMPLE";
    access.auth.password = io::Secret{kSecret};
    access.auth.sigv4 = "aws:amz:eu-central-1:s3";
    return access;
}

LockTable locks(const std::string& endpoint) {
    return lock_table(access_to("https://s3.example/states"), "locks", endpoint, "eu-central-1");
}

io::HttpAnswer answer_of(int status, std::string body) {
    io::HttpAnswer answer;
    answer.status = status;
    answer.body = std::move(body);
    return answer;
}

/// As each service has them: with what it calls itself before the type.
std::string error_of(const std::string& type) {
    return R"({"__type":"com.amazonaws.dynamodb.v20120810#)" + type + R"(","message":"in its own words"})";
}

/// What a table that answers this tells of one state.
TableTold told(const io::HttpAnswer& answer) {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    world.on_http = [&answer](const auto&) { return answer; };
    TableTold made = test::run(ioc, world.timers(), lock_in_table(world, locks("https://d.example"), kId, 5s));
    made = test::run(ioc, world.timers(), digest_in_table(world, locks("https://d.example"), kId, made, 5s));
    // Not asked for twice where it is the same no.
    CHECK((!made.failure || world.asked.size() == 1));
    return made;
}

} // namespace

TEST_CASE("what DynamoDB refuses is told in its words, with what mends it, and nothing is known") {
    struct Case {
        int status;
        std::string body;
        FailureKind kind;
        std::string said;
        std::string hint;
    };
    for (const Case& row : std::vector<Case>{
             {400, error_of("AccessDeniedException"), FailureKind::refused, "AccessDeniedException (in its own words)",
              "dynamodb:GetItem"},
             {400, R"({"__type":"com.amazon.coral.service#AccessDeniedException","Message":"User: arn:x is not"})",
              FailureKind::refused, "AccessDeniedException (User: arn:x is not)", "dynamodb:GetItem"},
             {400, error_of("ResourceNotFoundException"), FailureKind::misconfigured, "ResourceNotFoundException",
              "write dynamodb_table"},
             {400, error_of("ValidationException"), FailureKind::misconfigured, "ValidationException",
              "write dynamodb_table"},
             {400, error_of("ProvisionedThroughputExceededException"), FailureKind::bad_answer, "Throughput",
              "capacity"},
             {400, error_of("ThrottlingException"), FailureKind::bad_answer, "ThrottlingException", "capacity"},
             {400, error_of("RequestLimitExceeded"), FailureKind::bad_answer, "RequestLimitExceeded", "capacity"},
             {400, error_of("UnrecognizedClientException"), FailureKind::refused, "UnrecognizedClientException",
              "keys"},
             {400, error_of("InvalidSignatureException"), FailureKind::refused, "InvalidSignatureException", "clock"},
             {500, error_of("InternalServerError"), FailureKind::bad_answer, "status 500, InternalServerError", ""},
             {403, "<html>hunter2</html>", FailureKind::refused, "status 403", ""},
             {503, "", FailureKind::bad_answer, "status 503", ""},
             {301, "", FailureKind::bad_answer, "status 301", ""},
             {400, "[1]", FailureKind::bad_answer, "status 400", ""},
             {400, R"({"__type":7,"message":[]})", FailureKind::bad_answer, "status 400", ""},
         }) {
        CAPTURE(row.status, row.body);
        const TableTold found = told(answer_of(row.status, row.body));
        REQUIRE(found.failure);
        CAPTURE(found.failure->detail);
        CHECK(found.failure->kind == row.kind);
        CHECK_THAT(found.failure->detail, ContainsSubstring("GetItem from DynamoDB table 'locks': status"));
        CHECK_THAT(found.failure->detail, ContainsSubstring(row.said));
        CHECK(found.failure->detail.contains("\nhint: ") == !row.hint.empty());
        CHECK_THAT(found.failure->detail, ContainsSubstring(row.hint));
        CHECK_THAT(found.failure->detail, !ContainsSubstring("hunter2"));
        CHECK(found.locked == core::Told::not_told);
        CHECK_FALSE(found.digest);
    }
}

TEST_CASE("what is no answer of DynamoDB, or one about another item, is no word that there is no lock") {
    for (const char* body :
         {"", "{}", "null", "[]", "<html>hunter2</html>", R"({"Item":null})", R"({"ConsumedCapacity":1.0})",
          R"({"Item":{}})", R"({"Item":{"Info":{"S":"{}"}}})", R"({"Item":{"LockID":{"S":"states/other"}}})",
          R"({"Item":{"LockID":{"N":"1"}}})", R"({"Item":{"LockID":{"S":"states/env/terraform.tfstate"},"Info":"x"}})",
          R"({"Item":{"LockID":{"S":"states/env/terraform.tfstate"},"Info":{"S":7}}})"}) {
        CAPTURE(body);
        const TableTold found = told(answer_of(200, body));
        REQUIRE(found.failure);
        CHECK(found.failure->kind == FailureKind::bad_answer);
        CHECK_THAT(found.failure->detail, ContainsSubstring("DynamoDB table 'locks'"));
        CHECK_THAT(found.failure->detail, !ContainsSubstring("hunter2"));
        CHECK(found.locked == core::Told::not_told);
    }
}

TEST_CASE("an item that is not there is an answer, and one without its attribute is there all the same") {
    CHECK(read_item(kNoItem, kId, "Info") == std::nullopt);
    CHECK(read_item(R"({"Item":{"LockID":{"S":"states/env/terraform.tfstate"}}})", kId, "Info") == "");
    CHECK(read_item(R"({"Item":{"LockID":{"S":"states/env/terraform.tfstate"},"Info":{"S":"{}"}}})", kId, "Info") ==
          "{}");
    const TableTold free = told(answer_of(200, kNoItem));
    CHECK(free.locked == core::Told::no);
    CHECK_FALSE(free.digest);
    CHECK_FALSE(free.failure);
}

TEST_CASE("a digest is 32 digits of hex, in whatever letters; anything else is none") {
    CHECK(read_digest("9E107D9D372BB6826BD81D3542A419D6").value_or("none") == "9e107d9d372bb6826bd81d3542a419d6");
    for (const char* text : {"", "9e107d9d372bb6826bd81d3542a419d", "9e107d9d372bb6826bd81d3542a419d66",
                             "9e107d9d372bb6826bd81d3542a419dg", "hunter2"}) {
        CAPTURE(text);
        const auto read = read_digest(text);
        REQUIRE_FALSE(read);
        CHECK(read.error().kind == FailureKind::bad_answer);
        CHECK_THAT(read.error().detail, !ContainsSubstring("hunter2"));
    }
}

TEST_CASE("without an endpoint the table is asked for at Amazon's of the region, else there") {
    const auto at = [](const std::string& endpoint, const std::string& region) {
        return lock_table(access_to("https://states.s3.example"), "locks", endpoint, region).url;
    };
    CHECK(at("", "eu-central-1") == "https://dynamodb.eu-central-1.amazonaws.com/");
    CHECK(at("", "cn-north-1") == "https://dynamodb.cn-north-1.amazonaws.com.cn/");
    CHECK(at("http://localstack.example:4566", "us-east-1") == "http://localstack.example:4566/");
    CHECK(at("https://gateway.example/dynamodb//", "us-east-1") == "https://gateway.example/dynamodb/");
}

TEST_CASE("the name in the bucket's certificate is not asked of another host") {
    s3_parts::Access access = access_to("https://10.0.0.7:4566/states");
    access.tls.ca_file = "/etc/ssl/own.pem";
    access.tls.server_name = "s3.example";
    CHECK(lock_table(access, "locks", "https://10.0.0.7:4566", "us-east-1").tls.server_name == "s3.example");
    const LockTable elsewhere = lock_table(access, "locks", "https://10.0.0.8:4566", "us-east-1");
    CHECK(elsewhere.tls.server_name.empty());
    CHECK(elsewhere.tls.ca_file == "/etc/ssl/own.pem");
}

TEST_CASE("one item is asked for by its key, as it is now, following nobody and taking no more than it may have") {
    LockTable table = locks("https://d.example");
    table.name = "a \"table\"";
    table.proxy = "http://proxy.example:3128";
    const io::HttpRequest request = item_request(table, kId, "Info", 7s);
    CHECK(request.verb == "POST");
    CHECK(request.url == "https://d.example/");
    CHECK(request.headers ==
          std::vector<std::pair<std::string, std::string>>{{"Content-Type", "application/x-amz-json-1.0"},
                                                           {"X-Amz-Target", "DynamoDB_20120810.GetItem"}});
    const auto body = io::Json::parse(request.body);
    CHECK(body["TableName"].text() == "a \"table\"");
    CHECK(body["Key"]["LockID"]["S"].text() == kId);
    CHECK(body["Key"].object().size() == 1);
    CHECK(body["ConsistentRead"].boolean());
    CHECK(body["ProjectionExpression"].text() == "LockID, Info");
    CHECK(body["ReturnConsumedCapacity"].text() == "TOTAL");
    CHECK(request.auth.sigv4 == "aws:amz:eu-central-1:dynamodb");
    CHECK(request.auth.username == "AKIDEXAMPLE");
    CHECK(request.proxy == "http://proxy.example:3128");
    CHECK(request.max_redirects == 0);
    CHECK(request.max_body == std::size_t{64} << 10U);
    CHECK(request.timeout == 7s);
}

TEST_CASE("a table that is away is not asked") {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    LockTable table = locks("https://d.example");
    table.away = Failure{FailureKind::timed_out, "no answer within 20000 ms"};
    const TableTold found = test::run(ioc, world.timers(), lock_in_table(world, table, kId, 5s));
    REQUIRE(found.failure);
    CHECK(*found.failure == *table.away);
    CHECK(world.asked.empty());
}

TEST_CASE("a request for an item is signed for DynamoDB with its body, its target and the session's token") {
    test::ScriptedServer server;
    server.on("/", test::signed_with(kSecret, test::says(200, kNoItem)));
    test::RealLoop loop;
    io::RealWorld world{loop.ioc, {}};
    LockTable table = locks(server.url(""));
    for (const bool temporary : {false, true}) {
        CAPTURE(temporary);
        if (temporary) {
            table.auth.header_name = "x-amz-security-token";
            table.auth.header_value = io::Secret{"IQoJb3JpZ2luX2VjEXAMPLE=="};
        }
        const TableTold found = loop.run(lock_in_table(world, table, kId, 5s));
        const std::string why = found.failure ? found.failure->detail : std::string{};
        CAPTURE(why);
        CHECK(found.locked == core::Told::no);
        REQUIRE_FALSE(server.got().empty());
        const auto asked = server.got().back();
        CHECK(asked.verb == "POST");
        CHECK(asked.header("content-type") == "application/x-amz-json-1.0");
        CHECK(asked.header("x-amz-target") == "DynamoDB_20120810.GetItem");
        CHECK_THAT(asked.header("authorization"), ContainsSubstring("/eu-central-1/dynamodb/aws4_request"));
        CHECK_THAT(asked.header("authorization"), ContainsSubstring("x-amz-target"));
        CHECK(asked.header("authorization").contains("x-amz-security-token") == temporary);
    }
}

TEST_CASE("a table stands beside a bucket, and where that has an endpoint the table has one too") {
    const auto found = [](const core::config::Table& more) {
        core::config::Table table{test::text("key", "a.tfstate"), test::entry("instance_metadata", {true, {}})};
        table.insert(table.end(), more.begin(), more.end());
        return test::mistakes("terraform_state", table);
    };
    const auto bucket = test::text("bucket", "states");
    const auto region = test::text("region", "eu-central-1");
    const auto locks = test::text("dynamodb_table", "locks");
    const auto there = test::text("dynamodb_endpoint", "https://d.example");
    const auto endpoint = test::text("endpoint", "https://s3.example");
    CHECK(found({bucket, region, locks}).empty());
    CHECK(found({bucket, region, locks, there}).empty());
    CHECK(found({bucket, endpoint, locks, there}).empty());
    CHECK(found({bucket, endpoint, locks}) ==
          std::vector<std::string>{"expected dynamodb_endpoint beside it and endpoint, found none"});
    CHECK(found({bucket, region, there}) == std::vector<std::string>{"expected dynamodb_table beside it, found none"});
    CHECK(found({test::text("path", "/a/b"), locks}) ==
          std::vector<std::string>{"expected bucket beside it, found none"});
    CHECK(found({bucket, region, locks, test::text("dynamodb_endpoint", "https://d.example?x=1")}) ==
          std::vector<std::string>{"expected a URL without query and '%', which cannot be signed"});
}
