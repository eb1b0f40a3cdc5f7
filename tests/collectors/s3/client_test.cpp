// SPDX-License-Identifier: Apache-2.0
// Asking S3: where, signed how, and what counts as an answer. The signature itself is held against an independent one.
#include "collectors/s3/client.hpp"

#include "collectors/s3/answers.hpp"
#include "io/real_world.hpp"
#include "tests/support/fake_world.hpp"
#include "tests/support/real_loop.hpp"
#include "tests/support/sigv4.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace recoverd::collectors::s3_parts;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::config::Diagnostics;
using test::ScriptedServer;

namespace {

constexpr const char* kSecret = "the-secret/of+this=key";
const test::Headers kObjectHeaders{{"Last-Modified", "Sun, 22 Nov 2026 03:00:00 GMT"},
                                   {"ETag", "\"900150983cd24fb0d6963f7d28e17f72\""}};

ClientOptions options_for(const std::string& endpoint) {
    ClientOptions options;
    options.endpoint = endpoint;
    options.region = "eu-central-1";
    options.bucket = "backups";
    options.access_key_id = "AKIDEXAMPLE";
    options.secret_access_key = {SecretRef::Source::file, "secret"};
    return options;
}

std::vector<std::string> mistakes_in(const ClientOptions& options) {
    Diagnostics diagnostics;
    check_client_options(options, {"check.x", "collector 's3'", {}}, diagnostics);
    std::vector<std::string> messages;
    for (const auto& diagnostic : diagnostics.all())
        messages.push_back(diagnostic.message);
    return messages;
}

io::HttpAnswer answer_of(int status, std::string body, test::Headers headers = {}) {
    io::HttpAnswer answer;
    answer.status = status;
    answer.body = std::move(body);
    answer.headers = std::move(headers);
    return answer;
}

std::string error_xml(const std::string& code, const std::string& message = "") {
    return "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>" + message + "</Message></Error>";
}

Task<Result<std::optional<Object>>> sign_in_and_get(io::World& world, ClientOptions options, std::string key) {
    const auto access = co_await sign_in(world, std::move(options), "x", 5s);
    if (!access)
        co_return std::unexpected(access.error());
    auto object = co_await get_object(world, *access, std::move(key), 1024, 5s);
    co_return object;
}

Task<Result<std::optional<Attributes>>> sign_in_and_head(io::World& world, ClientOptions options, std::string key) {
    const auto access = co_await sign_in(world, std::move(options), "x", 5s);
    if (!access)
        co_return std::unexpected(access.error());
    std::string newest;
    auto attributes = co_await head_object(world, *access, std::move(key), std::move(newest), 5s);
    co_return attributes;
}

/// A scripted world with the secret in it.
struct Scripted {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    std::vector<io::HttpRequest> requests;

    explicit Scripted(io::HttpAnswer answer) {
        world.secrets["secret"] = kSecret;
        world.on_http = [this, answer](const io::HttpRequest& request) {
            requests.push_back(request);
            return answer;
        };
    }

    Result<std::optional<Object>> get(ClientOptions options, std::string key = "a/b") {
        return test::run(ioc, world.timers(), sign_in_and_get(world, std::move(options), std::move(key)));
    }
    Result<std::optional<Attributes>> head(ClientOptions options) {
        return test::run(ioc, world.timers(), sign_in_and_head(world, std::move(options), "a/b"));
    }
};

} // namespace

TEST_CASE("there must be exactly one way to sign, and a whole one") {
    const ClientOptions good = options_for("https://s3.example");
    CHECK(mistakes_in(good).empty());
    ClientOptions none = good;
    none.access_key_id.clear();
    none.secret_access_key = {};
    CHECK(mistakes_in(none) == std::vector<std::string>{"expected one way to sign requests, found none"});
    ClientOptions half = good;
    half.secret_access_key = {};
    CHECK(mistakes_in(half) ==
          std::vector<std::string>{"expected access_key_id and secret_access_key, found only one of them"});
    ClientOptions two = good;
    two.instance_metadata = true;
    CHECK(mistakes_in(two) == std::vector<std::string>{"expected one way to sign requests, found several"});
    ClientOptions role = none;
    role.role_arn = "arn:aws:iam::123456789012:role/recoverd";
    CHECK(mistakes_in(role) ==
          std::vector<std::string>{"expected role_arn and web_identity_token, found only one of them"});
    role.web_identity_token = {SecretRef::Source::file, "token"};
    CHECK(mistakes_in(role).empty());
}

TEST_CASE("without an endpoint the region says which of Amazon's is meant, and must be there") {
    ClientOptions options = options_for("");
    options.region.clear();
    CHECK(mistakes_in(options) == std::vector<std::string>{"expected region or endpoint, found neither"});
    options.region = "eu-central-1";
    CHECK(bucket_url(options) == "https://backups.s3.eu-central-1.amazonaws.com");
    CHECK(sts_url(options) == "https://sts.eu-central-1.amazonaws.com");
    options.region = "cn-north-1";
    CHECK(bucket_url(options) == "https://backups.s3.cn-north-1.amazonaws.com.cn");
    options.bucket = "with.dots";
    options.region = "eu-central-1";
    CHECK(bucket_url(options) == "https://s3.eu-central-1.amazonaws.com/with.dots");
    options.region = "evil.example/";
    CHECK_FALSE(mistakes_in(options).empty());
}

TEST_CASE("other services have the bucket in the path, unless they are said not to") {
    ClientOptions options = options_for("https://minio.example:9000/");
    options.region.clear();
    CHECK(mistakes_in(options).empty());
    CHECK(region_of(options) == "us-east-1");
    CHECK(bucket_url(options) == "https://minio.example:9000/backups");
    CHECK(sts_url(options) == "https://minio.example:9000/");
    options.addressing = "virtual";
    CHECK(bucket_url(options) == "https://backups.minio.example:9000");
    for (const char* bucket : {"a/b", "../b", "b?x", "b c", "user@b"}) {
        options.bucket = bucket;
        CHECK_FALSE(mistakes_in(options).empty());
    }
}

TEST_CASE("an endpoint with credentials or a query in it is a mistake") {
    for (const char* url : {"https://id:key@s3.example", "https://s3.example/?x=1", "s3.example", "ftp://s3.example",
                            "https://s3.example/a%20b"}) {
        CAPTURE(url);
        CHECK_FALSE(mistakes_in(options_for(url)).empty());
    }
}

TEST_CASE("parameters are sorted and encoded strictly, one without a value keeps its '='") {
    CHECK(canonical_query({{"versions", ""}, {"prefix", "a b+c/ü~"}, {"max-keys", "1000"}}) ==
          "max-keys=1000&prefix=a%20b%2Bc%2F%C3%BC~&versions=");
    CHECK(canonical_query({}).empty());
    CHECK(percent_encoded("a/b:c@d=e+f g", "/") == "a/b%3Ac%40d%3De%2Bf%20g");
}

TEST_CASE("keys in listings are decoded, a '+' is a space, and what is no escape stays") {
    CHECK(percent_decoded("a%20b+c%2Bd%C3%BC") == "a b c+d\xc3\xbc");
    CHECK(percent_decoded("100%") == "100%");
    CHECK(percent_decoded("%zz%4") == "%zz%4");
    CHECK(percent_decoded(percent_encoded(std::string_view{"\x01\0\xff%+", 5})) == std::string_view{"\x01\0\xff%+", 5});
}

TEST_CASE("a key with '..' between slashes cannot be asked for: curl would ask for another") {
    for (const char* key : {"..", "a/../b", "./a", "a/.", ""}) {
        CAPTURE(key);
        CHECK_FALSE(can_be_asked(key));
    }
    for (const char* key : {"a..b/c", "...", "/a", "a//b", "a/"})
        CHECK(can_be_asked(key));
    Scripted s3{answer_of(200, "abc", {{"last-modified", "x"}})};
    const auto object = s3.get(options_for("http://s3.example"), "a/../b");
    REQUIRE_FALSE(object);
    CHECK(object.error().kind == FailureKind::misconfigured);
    CHECK(s3.requests.empty());
}

TEST_CASE("an object is got, and its headers are read") {
    ScriptedServer server;
    server.on("/backups/env/a%20b.tfstate", test::signed_with(kSecret, test::says(200, "abc", kObjectHeaders)));
    test::RealLoop loop;
    io::RealWorld world{loop.ioc, {}};
    ::setenv("RECOVERD_TEST_S3_SECRET", kSecret, 1);
    ClientOptions options = options_for(server.url(""));
    options.secret_access_key = {SecretRef::Source::env, "RECOVERD_TEST_S3_SECRET"};
    const auto object = loop.run(sign_in_and_get(world, options, "env/a b.tfstate"));
    REQUIRE(object);
    REQUIRE(*object);
    CHECK((*object)->body == "abc");
    CHECK((*object)->attributes.size_bytes == 3);
    CHECK((*object)->attributes.last_modified == test::kStart);
    CHECK((*object)->attributes.etag == "900150983cd24fb0d6963f7d28e17f72");
}

TEST_CASE("what is no object of S3 is a failure, whatever its status") {
    const auto fails = [](io::HttpAnswer answer) {
        Scripted s3{std::move(answer)};
        const auto object = s3.get(options_for("http://s3.example"));
        REQUIRE_FALSE(object);
        CHECK_THAT(object.error().detail, ContainsSubstring("GET s3://backups/a/b"));
        return object.error();
    };
    CHECK(fails(answer_of(200, "<html>Please log in</html>")).kind == FailureKind::bad_answer);
    CHECK(fails(answer_of(204, "")).kind == FailureKind::bad_answer);
    CHECK(fails(answer_of(404, "<html>not here</html>")).kind == FailureKind::bad_answer);
    CHECK(fails(answer_of(404, error_xml("NoSuchBucket"))).kind == FailureKind::bad_answer);
    CHECK(fails(answer_of(500, "")).kind == FailureKind::bad_answer);
    CHECK(fails(answer_of(503, error_xml("SlowDown"))).detail.ends_with("status 503, SlowDown"));
    CHECK(fails(answer_of(403, error_xml("AccessDenied"))).kind == FailureKind::refused);
    CHECK_THAT(fails(answer_of(403, error_xml("RequestTimeTooSkewed"))).detail, ContainsSubstring("clock"));
    CHECK_THAT(fails(answer_of(403, error_xml("SignatureDoesNotMatch"))).detail,
               ContainsSubstring("secret_access_key"));
    CHECK(fails(answer_of(400, error_xml("ExpiredToken"))).kind == FailureKind::refused);
}

TEST_CASE("a bucket of another region says which, and is a matter of the configuration") {
    for (const auto& answer :
         {answer_of(301, error_xml("PermanentRedirect"), {{"x-amz-bucket-region", "us-west-2"}}),
          answer_of(400, error_xml("AuthorizationHeaderMalformed"), {{"x-amz-bucket-region", "us-west-2"}}),
          answer_of(301, "", {{"x-amz-bucket-region", "us-west-2"}, {"location", "http://elsewhere.example/"}})}) {
        const Failure failure = failure_of(answer, "GET s3://b/");
        CHECK(failure.kind == FailureKind::misconfigured);
        CHECK_THAT(failure.detail, ContainsSubstring("us-west-2"));
    }
}

TEST_CASE("that there is no such object is an answer: NoSuchKey, also of a delete marker") {
    Scripted s3{answer_of(404, error_xml("NoSuchKey"), {{"x-amz-delete-marker", "true"}})};
    const auto object = s3.get(options_for("http://s3.example"));
    REQUIRE(object);
    CHECK_FALSE(*object);
}

TEST_CASE("HEAD has no body, so any 404 is a missing object, and 403 may be one") {
    Scripted missing{answer_of(404, "")};
    const auto nothing = missing.head(options_for("http://s3.example"));
    REQUIRE(nothing);
    CHECK_FALSE(*nothing);
    // Of a version that is a delete marker; without the header, whoever stands in between takes no HEAD.
    Scripted marker{answer_of(405, "", {{"x-amz-delete-marker", "true"}})};
    const auto deleted = marker.head(options_for("http://s3.example"));
    REQUIRE(deleted);
    CHECK_FALSE(*deleted);
    Scripted no_head{answer_of(405, "")};
    CHECK(no_head.head(options_for("http://s3.example")).error().kind == FailureKind::bad_answer);
    Scripted refused{answer_of(403, "")};
    const auto hidden = refused.head(options_for("http://s3.example"));
    REQUIRE_FALSE(hidden);
    CHECK(hidden.error().kind == FailureKind::refused);
    Scripted there{answer_of(200, "",
                             {{"content-length", "42"},
                              {"last-modified", "Sun, 22 Nov 2026 03:00:00 GMT"},
                              {"etag", "\"x-2\""},
                              {"x-amz-version-id", "v1"},
                              {"x-amz-server-side-encryption", "aws:kms"},
                              {"x-amz-object-lock-mode", "COMPLIANCE"},
                              {"x-amz-object-lock-retain-until-date", "2027-01-01T00:00:00.000Z"},
                              {"x-amz-object-lock-legal-hold", "ON"},
                              {"x-amz-replication-status", "FAILED"}})};
    const auto head = there.head(options_for("http://s3.example"));
    REQUIRE(head);
    REQUIRE(*head);
    CHECK((*head)->size_bytes == 42);
    CHECK((*head)->encryption == "aws:kms");
    CHECK((*head)->lock_mode == "COMPLIANCE");
    CHECK((*head)->legal_hold);
    CHECK((*head)->replication == "FAILED");
    CHECK((*head)->version_id == "v1");
}

TEST_CASE("requests are signed for the bucket's region, follow nobody and take no more than was asked for") {
    Scripted s3{answer_of(404, error_xml("NoSuchKey"))};
    REQUIRE(s3.get(options_for("http://s3.example")));
    REQUIRE(s3.requests.size() == 1);
    const io::HttpRequest& request = s3.requests[0];
    CHECK(request.url == "http://s3.example/backups/a/b");
    CHECK(request.auth.sigv4 == "aws:amz:eu-central-1:s3");
    CHECK(request.auth.username == "AKIDEXAMPLE");
    CHECK(request.auth.password.reveal() == kSecret);
    CHECK(request.max_redirects == 0);
    CHECK(request.max_body == 1024);
    CHECK(request.headers.size() == 1);
    CHECK(request.headers[0].first == "x-amz-content-sha256");
}

TEST_CASE("an error's words are cut and kept to one line") {
    const Failure failure =
        failure_of(answer_of(418, error_xml("Odd\nCode", std::string(5'000, 'x') + "\n")), "GET s3://b/k");
    CHECK(failure.detail.size() < 400);
    CHECK(!failure.detail.contains('\n'));
}
