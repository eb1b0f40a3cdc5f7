// SPDX-License-Identifier: Apache-2.0
// Where a Terraform state is asked for, and what counts as an answer.
#include "collectors/terraform_state/source.hpp"
#include "core/assertion.hpp"
#include "tests/collectors/one_look.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

#include <cmath>
#include <map>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto kHolds = core::AssertionState::holds;
constexpr auto kFails = core::AssertionState::fails;

const std::string kAnswer =
    R"({"bytes": 3563, "sha256": "aa", "md5": "9e107d9d372bb6826bd81d3542a419d6", "encrypted": false, "serial": 6,)"
    R"( "lineage": "66c56ea7", "resources": 5})";

io::HttpAnswer answer(int status, std::string body) {
    io::HttpAnswer made;
    made.status = status;
    made.url = "https://ci:hunter2@state.example/infra";
    made.body = std::move(body);
    return made;
}

Collected look(test::FakeWorld& world, asio::io_context& ioc, const std::string& cursor = {}) {
    return test::look(ioc, world, "terraform_state", {test::text("address", "https://state.example/infra")}, cursor,
                      1min, 0s);
}

/// A bucket with these objects; what is null is not shown to us.
struct Bucket {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    std::map<std::string, std::optional<std::string>> objects;
    std::vector<std::pair<std::string, std::string>> headers{{"last-modified", "Sun, 22 Nov 2026 02:00:00 GMT"},
                                                             {"etag", "\"9e107d9d372bb6826bd81d3542a419d6\""}};
    std::string listing;

    Bucket() {
        world.secrets["key"] = "hunter2";
        world.on_http = [this](const io::HttpRequest& request) { return get(request); };
        world.on_worker = [](const auto&, const std::string& input) {
            CHECK(input.starts_with("{}\n"));
            return test::exited(kAnswer);
        };
    }
    io::HttpAnswer get(const io::HttpRequest& request) const {
        CHECK(request.verb == "GET");
        constexpr std::string_view kBase = "https://s3.example/states/";
        if (request.url.starts_with("https://s3.example/states/?"))
            return answer(200, listing);
        const auto found = objects.find(request.url.substr(kBase.size()));
        if (found == objects.end())
            return answer(404, "<Error><Code>NoSuchKey</Code></Error>");
        io::HttpAnswer made =
            answer(found->second ? 200 : 403, found->second.value_or("<Error><Code>AccessDenied</Code></Error>"));
        made.headers = headers;
        return made;
    }
    Collected look(const std::string& option, const std::string& value, const std::string& cursor = {}) {
        return test::look(ioc, world, "terraform_state",
                          {test::text("endpoint", "https://s3.example"), test::text("bucket", "states"),
                           test::text("access_key_id", "AKID"),
                           test::entry("secret_access_key", {core::config::Table{test::text("file", "key")}, {}}),
                           test::text(option, value)},
                          cursor, 1min, 0s);
    }
    Collected look() { return look("key", "env/terraform.tfstate"); }
};

/// In seconds; looking takes some of a second.
std::optional<double> lock_age(const core::SubjectReport& report) {
    for (const Evidence& item : report.evidence)
        if (const auto* measurement = std::get_if<core::Measurement>(&item);
            measurement && measurement->name == "lock_age")
            return std::round(measurement->value);
    return std::nullopt;
}

const core::Assertion* assertion(const core::SubjectReport& report, std::string_view name) {
    for (const core::Assertion& item : test::evidence<core::Assertions>(report).assertions)
        if (item.name == name)
            return &item;
    return nullptr;
}

} // namespace

TEST_CASE("a digest is read as the http backend's servers write it, and other text is none") {
    CHECK(hex_of_md5("1B2M2Y8AsgTpgAmY7PhCfg==") == "d41d8cd98f00b204e9800998ecf8427e");
    for (const char* text :
         {"", "d41d8cd98f00b204e9800998ecf8427e", "1B2M2Y8AsgTpgAmY7PhCfg=", "1B2M2Y8AsgTpgAmY7PhC!g=="})
        CHECK(hex_of_md5(text).empty());
}

TEST_CASE("a state by HTTP is asked with GET, and its bytes go to the worker alone") {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    std::string read;
    world.on_http = [&](const io::HttpRequest& request) {
        CHECK(request.verb == "GET");
        CHECK(request.max_body == std::size_t{64} << 20U);
        auto made = answer(200, "{\"secret\": \"hunter2\"}");
        made.headers = {{"content-md5", "nhB9nTcrtoJr2B01QqQZ1g=="},
                        {"last-modified", "Sun, 22 Nov 2026 02:00:00 GMT"}};
        return made;
    };
    world.on_worker = [&](const std::string& job, const std::string& input) {
        CHECK(job == "terraform_state");
        read = input;
        return test::exited(kAnswer);
    };
    const Collected seen = look(world, ioc);
    CHECK(read == "{}\n{\"secret\": \"hunter2\"}");
    REQUIRE(seen);
    const auto& assertions = test::evidence<core::Assertions>(test::subject(seen, "")).assertions;
    CHECK(std::ranges::all_of(assertions, [](const auto& a) { return core::state_of(a) == kHolds; }));
    CHECK(std::ranges::find(assertions, "checksum", &core::Assertion::name) != assertions.end());
    CHECK_THAT(seen->cursor, !ContainsSubstring("hunter2"));
}

TEST_CASE("as Terraform has it: no content, not found and nothing are no state; anything else is no answer") {
    for (const auto& [status, body, kind] : std::vector<std::tuple<int, std::string, FailureKind>>{
             {204, "", FailureKind::bad_answer},
             {404, "<html>hunter2</html>", FailureKind::bad_answer},
             {200, "", FailureKind::bad_answer},
             {401, "", FailureKind::refused},
             {403, "", FailureKind::refused},
             {500, "hunter2", FailureKind::bad_answer},
             {301, "", FailureKind::bad_answer},
         }) {
        asio::io_context ioc;
        test::FakeWorld world{ioc};
        world.on_http = [&](const auto&) { return answer(status, body); };
        const Collected seen = look(world, ioc);
        REQUIRE_FALSE(seen);
        CAPTURE(status, seen.error().detail);
        CHECK(seen.error().kind == kind);
        CHECK_THAT(seen.error().detail, !ContainsSubstring("hunter2"));
        if (status != 204 && status != 404 && status != 200)
            continue;
        const Collected later = look(world, ioc, R"({"": {"serial": 6, "lineage": "x"}})");
        REQUIRE(later);
        CHECK(later->complete);
        CHECK(later->subjects.empty());
        CHECK(read_terraform_cursor(later->cursor).at("").serial == 6);
    }
}

TEST_CASE("a worker that fails is a failure in its own words") {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    world.on_worker = [](const auto&, const auto&) {
        return test::exited(R"({"failure":{"kind":"refused","detail":"'/srv/x' cannot be read: Permission denied"}})",
                            1);
    };
    const Collected seen =
        test::look(ioc, world, "terraform_state", {test::text("path", "/srv/terraform.tfstate")}, {}, 1min, 0s);
    REQUIRE_FALSE(seen);
    CHECK(seen.error().kind == FailureKind::refused);
}

TEST_CASE("one place is asked for, and one only") {
    for (const auto& table : std::vector<core::config::Table>{
             {},
             {test::text("path", "/a/b"), test::text("address", "http://x/")},
             {test::text("path", "terraform.tfstate")},
             {test::text("path", "/srv/")},
             {test::text("address", "http://user:pw@x/")},
             {test::text("path", "/a/b"), test::entry("max_drop", {1.5, {}})},
         }) {
        core::config::Diagnostics diagnostics;
        find("terraform_state")->compile(table, {"check.x", "collector 'terraform_state'", {}}, {}, diagnostics);
        CHECK(diagnostics.has_mistakes());
    }
}

TEST_CASE("in S3 a missing bucket, a missing state and one that may not be read are no answer") {
    Bucket bucket;
    const Collected none = bucket.look();
    REQUIRE_FALSE(none);
    CHECK(none.error().detail == "expected a state of version 4, found none");
    bucket.objects["env/terraform.tfstate"] = std::nullopt;
    const Collected refused = bucket.look();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == FailureKind::refused);
    bucket.world.on_http = [](const auto&) { return answer(404, "<Error><Code>NoSuchBucket</Code></Error>"); };
    const Collected elsewhere = bucket.look();
    REQUIRE_FALSE(elsewhere);
    CHECK_THAT(elsewhere.error().detail, ContainsSubstring("NoSuchBucket"));
}

TEST_CASE("in S3 a lock lies beside the state, and one that may not be seen is not known") {
    Bucket bucket;
    bucket.objects["env/terraform.tfstate"] = "state";
    bucket.objects["env/terraform.tfstate.tflock"] = R"({"Created": "2026-11-22T01:00:00Z"})";
    CHECK(lock_age(test::subject(bucket.look(), "")) == 7200);
    bucket.objects["env/terraform.tfstate.tflock"] = "hunter2";
    CHECK(lock_age(test::subject(bucket.look(), "")) == 3600);
    bucket.objects["env/terraform.tfstate.tflock"] = std::nullopt;
    CHECK_FALSE(lock_age(test::subject(bucket.look(), "")));
}

TEST_CASE("in S3 a lock that may not be read is held all the same, since the listing's moment") {
    Bucket bucket;
    bucket.objects["env/terraform.tfstate"] = "state";
    bucket.objects["env/terraform.tfstate.tflock"] = std::nullopt;
    const auto list = [&](const std::string& entries) {
        bucket.listing = "<ListBucketResult><IsTruncated>false</IsTruncated>" + entries + "</ListBucketResult>";
    };
    list("<Contents><Key>env/terraform.tfstate.tflock</Key><LastModified>2026-11-22T01:30:00.000Z</LastModified>"
         "<Size>200</Size></Contents>");
    const Collected held = bucket.look();
    CHECK(lock_age(test::subject(held, "")) == 5400);
    // Where it is not listed it is not there, for whoever saw it once; of another key's lock nothing is told.
    list("<Contents><Key>env/terraform.tfstate.tflock.old</Key><LastModified>2026-11-22T01:30:00.000Z</LastModified>"
         "<Size>200</Size></Contents>");
    CHECK(lock_age(test::subject(bucket.look("key", "env/terraform.tfstate", held->cursor), "")) == 0);
    for (const char* garbage : {"", "<html>hunter2</html>"}) {
        bucket.listing = garbage;
        CHECK_FALSE(lock_age(test::subject(bucket.look("key", "env/terraform.tfstate", held->cursor), "")));
    }
}

TEST_CASE("in S3 no lock is none only where there once was one: it may be in DynamoDB") {
    Bucket bucket;
    bucket.objects["env/terraform.tfstate"] = "state";
    const std::string key = "env/terraform.tfstate";
    Collected seen = bucket.look("key", key);
    CHECK_FALSE(lock_age(test::subject(seen, "")));
    CHECK_FALSE(lock_age(test::subject(bucket.look("key", key, R"({"": {"serial": 6, "lineage": "66c56ea7"}})"), "")));
    bucket.objects[key + ".tflock"] = R"({"Created": "2026-11-22T01:00:00Z"})";
    seen = bucket.look("key", key, seen->cursor);
    CHECK(lock_age(test::subject(seen, "")) == 7200);
    bucket.objects.erase(key + ".tflock");
    seen = bucket.look("key", key, seen->cursor);
    CHECK(lock_age(test::subject(seen, "")) == 0);
}

TEST_CASE("in S3 the ETag is the object's MD5, but not of parts, of KMS, nor of what is packed") {
    Bucket bucket;
    bucket.objects["env/terraform.tfstate"] = "state";
    const auto checked = [&] {
        const Collected seen = bucket.look();
        const auto* found = assertion(test::subject(seen, ""), "checksum");
        return found ? std::optional(core::state_of(*found)) : std::nullopt;
    };
    CHECK(checked() == kHolds);
    bucket.headers[1].second = "\"00000000000000000000000000000000\"";
    CHECK(checked() == kFails);
    bucket.headers[1].second = "\"00000000000000000000000000000000-2\"";
    CHECK(checked() == std::nullopt);
    bucket.headers[1].second = "\"00000000000000000000000000000000\"";
    bucket.headers.emplace_back("x-amz-server-side-encryption", "aws:kms");
    CHECK(checked() == std::nullopt);
    bucket.headers.back() = {"content-encoding", "gzip"};
    CHECK(checked() == std::nullopt);
}

TEST_CASE("in S3 each state below a prefix is a subject, and one that is gone has vanished") {
    Bucket bucket;
    bucket.listing = "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>";
    for (const char* key :
         {"env/prod/a+b.tfstate", "env/prod/a+b.tfstate.tflock", "env/readme.md", "env/dev.tfstate", "other/x.tfstate"})
        bucket.listing += fmt::format("<Contents><Key>{}</Key><LastModified>2026-11-22T03:00:00.000Z</LastModified>"
                                      "<Size>5</Size></Contents>",
                                      key);
    bucket.listing += "</ListBucketResult>";
    bucket.objects["env/dev.tfstate"] = "state";
    bucket.objects["env/prod/a%20b.tfstate"] = std::nullopt;
    const Collected seen = bucket.look("prefix", "env/");
    REQUIRE(seen);
    CHECK(seen->complete);
    CHECK(seen->subjects.size() == 2);
    CHECK_FALSE(test::subject(seen, "dev.tfstate").failure);
    CHECK(test::subject(seen, "prod/a b.tfstate").failure->kind == FailureKind::refused);
    bucket.listing = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
    CHECK_FALSE(bucket.look("prefix", "env/"));
    const Collected gone = bucket.look("prefix", "env/", seen->cursor);
    REQUIRE(gone);
    CHECK(gone->subjects.empty());
    bucket.listing = "<html>hunter2</html>";
    CHECK_FALSE(bucket.look("prefix", "env/"));
}
