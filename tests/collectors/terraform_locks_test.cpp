// SPDX-License-Identifier: Apache-2.0
// A Terraform state in S3 whose lock and digest lie in DynamoDB: what is known of them, and what becomes of it when
// nobody tells any more.
#include "core/assertion.hpp"
#include "io/evidence_json.hpp"
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
constexpr auto kUnknown = core::AssertionState::unknown;

const std::string kKey = "env/terraform.tfstate";
const std::string kMd5 = "9e107d9d372bb6826bd81d3542a419d6";
const std::string kOther = "00000000000000000000000000000000";
/// At 03:00 one of three hours, and one of a minute.
const std::string kOldLock =
    R"({"ID":"1","Operation":"OperationTypeApply","Who":"hunter2@ci","Created":"2026-11-22T00:00:00Z"})";
const std::string kNewLock =
    R"({"ID":"2","Operation":"OperationTypePlan","Who":"hunter2@ci","Created":"2026-11-22T02:59:00Z"})";

io::HttpAnswer answer_of(int status, std::string body) {
    io::HttpAnswer answer;
    answer.status = status;
    answer.body = std::move(body);
    return answer;
}

io::HttpAnswer refusal(const std::string& type) {
    return answer_of(400, fmt::format(R"({{"__type":"com.amazonaws.dynamodb.v20120810#{}","message":"no"}})", type));
}

/// A bucket with one state, or several, and the table beside it.
struct Backend {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    /// Locks in the bucket; what is null is not shown to us.
    std::map<std::string, std::optional<std::string>> objects{{kKey, "state"}};
    std::string listing;
    /// By LockID, an attribute and its text.
    std::map<std::string, std::pair<std::string, std::string>> items;
    /// What the table answers instead, whatever it is asked.
    std::optional<Result<io::HttpAnswer>> instead;
    std::string cursor;
    Duration later{0};
    std::string option = "key";
    std::string value = kKey;

    Backend() {
        world.secrets["key"] = "hunter2";
        world.on_http = [this](const io::HttpRequest& request) { return answer(request); };
        world.on_worker = [](const auto&, const auto&) {
            return test::exited(R"({"bytes": 3563, "sha256": "aa", "md5": ")" + kMd5 +
                                R"(", "encrypted": false, "serial": 6, "lineage": "66c56ea7", "resources": 5})");
        };
    }
    Result<io::HttpAnswer> answer(const io::HttpRequest& request) const {
        if (request.url == "https://dynamodb.example/")
            return instead.value_or(item(request));
        CHECK(request.verb == "GET");
        CHECK(request.auth.sigv4 == "aws:amz:us-east-1:s3");
        constexpr std::string_view kBase = "https://s3.example/states/";
        if (request.url.starts_with("https://s3.example/states/?"))
            return answer_of(200, listing);
        const auto found = objects.find(request.url.substr(kBase.size()));
        if (found == objects.end())
            return answer_of(404, "<Error><Code>NoSuchKey</Code></Error>");
        if (!found->second)
            return answer_of(403, "<Error><Code>AccessDenied</Code></Error>");
        io::HttpAnswer made = answer_of(200, *found->second);
        made.headers = {{"last-modified", "Sun, 22 Nov 2026 02:00:00 GMT"}, {"etag", "\"" + kMd5 + "\""}};
        return made;
    }
    io::HttpAnswer item(const io::HttpRequest& request) const {
        CHECK(request.auth.sigv4 == "aws:amz:us-east-1:dynamodb");
        CHECK(request.auth.username == "AKID");
        CHECK(request.auth.password.reveal() == "hunter2");
        const std::string id = io::Json::parse(request.body)["Key"]["LockID"]["S"].text();
        const auto found = items.find(id);
        if (found == items.end())
            return answer_of(200, R"({"ConsumedCapacity":{"TableName":"locks","CapacityUnits":1.0}})");
        io::JsonWriter out;
        out.begin_object().key("Item").begin_object();
        out.key("LockID").begin_object().field("S", id).end_object();
        out.key(found->second.first).begin_object().field("S", found->second.second).end_object();
        return answer_of(200, out.end_object().end_object().take());
    }
    void lock(const std::string& info) { items["states/" + kKey] = {"Info", info}; }
    void unlock() { items.erase("states/" + kKey); }
    void digest(const std::string& md5) { items["states/" + kKey + "-md5"] = {"Digest", md5}; }

    /// Remembers what the last look left.
    Collected look() {
        Collected seen =
            test::look(ioc, world, "terraform_state",
                       {test::text("endpoint", "https://s3.example"), test::text("bucket", "states"),
                        test::text("dynamodb_endpoint", "https://dynamodb.example"),
                        test::text("dynamodb_table", "locks"), test::text("access_key_id", "AKID"),
                        test::entry("secret_access_key", {core::config::Table{test::text("file", "key")}, {}}),
                        test::text("max_age", "30d"), test::text(option, value)},
                       cursor, 1min, later);
        if (seen)
            cursor = seen->cursor;
        return seen;
    }
    core::SubjectReport state() {
        const Collected seen = look();
        REQUIRE(seen);
        CHECK_THAT(cursor, !ContainsSubstring("hunter2"));
        return test::subject(seen, "");
    }
};

/// In seconds; looking takes some of a second.
std::optional<double> lock_age(const core::SubjectReport& report) {
    for (const Evidence& item : report.evidence)
        if (const auto* measurement = std::get_if<core::Measurement>(&item);
            measurement && measurement->name == "lock_age")
            return std::round(measurement->value);
    return std::nullopt;
}

std::optional<core::AssertionState> assertion(const core::SubjectReport& report, std::string_view name) {
    for (const core::Assertion& item : test::evidence<core::Assertions>(report).assertions)
        if (item.name == name)
            return core::state_of(item);
    return std::nullopt;
}

} // namespace

TEST_CASE(
    "a table that is not there, refuses, is throttled or away leaves lock and digest unknown, and the state told") {
    for (const auto& [answer, kind, hint] : std::vector<std::tuple<Result<io::HttpAnswer>, FailureKind, std::string>>{
             {refusal("AccessDeniedException"), FailureKind::refused, "dynamodb:GetItem"},
             {refusal("ResourceNotFoundException"), FailureKind::misconfigured, "dynamodb_table"},
             {refusal("ThrottlingException"), FailureKind::bad_answer, "read capacity"},
             {answer_of(200, "{}"), FailureKind::bad_answer, "ConsumedCapacity"},
             {answer_of(200, "<html>hunter2</html>"), FailureKind::bad_answer, "expected JSON"},
             {core::failed(FailureKind::unreachable, "nobody there"), FailureKind::unreachable, "nobody there"},
         }) {
        Backend backend;
        backend.instead = answer;
        const core::SubjectReport seen = backend.state();
        REQUIRE(seen.failure);
        CAPTURE(seen.failure->detail);
        CHECK(seen.failure->kind == kind);
        CHECK_THAT(seen.failure->detail, ContainsSubstring(hint) && !ContainsSubstring("hunter2"));
        CHECK(lock_age(seen) == std::nullopt);
        CHECK(assertion(seen, "digest") == std::nullopt);
        CHECK(assertion(seen, "format") == kHolds);
    }
}

TEST_CASE("a table that hangs takes a part of the time, and of several states only the first one's") {
    Backend backend;
    backend.world.hangs = [](const std::string& asked) { return asked.contains("dynamodb.example"); };
    CHECK(backend.state().failure->kind == FailureKind::timed_out);
    backend.option = "prefix";
    backend.value = "env/";
    backend.listing = "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>";
    for (const char* key : {"env/a.tfstate", "env/b.tfstate", "env/c.tfstate"}) {
        backend.objects[key] = "state";
        backend.listing += fmt::format("<Contents><Key>{}</Key><LastModified>2026-11-22T03:00:00.000Z</LastModified>"
                                       "<Size>5</Size></Contents>",
                                       key);
    }
    backend.listing += "</ListBucketResult>";
    const Collected seen = backend.look();
    REQUIRE(seen);
    CHECK(std::ranges::count(backend.world.asked, std::string{"http POST https://dynamodb.example/"}) == 1);
    for (const char* name : {"a.tfstate", "b.tfstate", "c.tfstate"}) {
        const auto& report = test::subject(seen, name);
        REQUIRE(report.failure);
        CHECK(report.failure->kind == FailureKind::timed_out);
        CHECK(assertion(report, "format") == kHolds);
    }
}

TEST_CASE("a lock in DynamoDB is as old as it says, and who holds it is told to nobody") {
    Backend backend;
    backend.lock(kOldLock);
    const Collected seen = backend.look();
    CHECK(lock_age(test::subject(seen, "")) == 10800);
    CHECK_FALSE(test::subject(seen, "").failure);
    CHECK_THAT(io::to_lines(*seen), !ContainsSubstring("hunter2"));
    backend.unlock();
    CHECK(lock_age(backend.state()) == 0);
}

TEST_CASE("a lock that says nothing of itself is as old as our knowledge of it") {
    for (const char* info : {"", "hunter2", R"({"Created": "yesterday"})"}) {
        CAPTURE(info);
        Backend backend;
        backend.lock(info);
        CHECK(lock_age(backend.state()) == 0);
        backend.later = 3h;
        CHECK(lock_age(backend.state()) == 10800);
        backend.unlock();
        CHECK(lock_age(backend.state()) == 0);
        backend.lock(info);
        CHECK(lock_age(backend.state()) == 0);
    }
}

TEST_CASE("a table that knows nothing of a state may be another one: no lock is told, until an item was seen") {
    Backend backend;
    const core::SubjectReport nothing = backend.state();
    CHECK(lock_age(nothing) == std::nullopt);
    CHECK(assertion(nothing, "digest") == std::nullopt);
    CHECK_FALSE(nothing.failure);
    backend.digest(kMd5);
    CHECK(lock_age(backend.state()) == 0);
    Backend other;
    other.lock(kNewLock);
    CHECK(lock_age(other.state()) == 60);
    other.unlock();
    CHECK(lock_age(other.state()) == 0);
}

TEST_CASE("held is what either says, the older one counts, and free is what both say") {
    struct Case {
        /// Empty for none, "hidden" for what may not be seen.
        std::string in_bucket;
        std::optional<std::string> in_table;
        std::optional<double> age;
    };
    for (const Case& row : std::vector<Case>{
             {"", std::nullopt, 0.0},
             {"", kOldLock, 10800.0},
             {kOldLock, std::nullopt, 10800.0},
             {kOldLock, kNewLock, 10800.0},
             {kNewLock, kOldLock, 10800.0},
             {kNewLock, "", 60.0},
             {"hidden", kOldLock, 10800.0},
             {"hidden", std::nullopt, std::nullopt},
         }) {
        CAPTURE(row.in_bucket, row.in_table.value_or("none"));
        Backend backend;
        backend.digest(kMd5);
        if (!row.in_bucket.empty())
            backend.objects[kKey + ".tflock"] = row.in_bucket == "hidden" ? std::nullopt : std::optional(row.in_bucket);
        if (row.in_table)
            backend.lock(*row.in_table);
        CHECK(lock_age(backend.state()) == row.age);
    }
}

TEST_CASE("while the table does not tell, a lock that was left behind stays one, and a young one does not grow old") {
    for (const bool stale : {true, false}) {
        CAPTURE(stale);
        Backend backend;
        backend.digest(kMd5);
        backend.lock(stale ? kOldLock : kNewLock);
        CHECK(lock_age(backend.state()) == (stale ? 10800 : 60));
        backend.instead = refusal("ThrottlingException");
        backend.later = 4h;
        const core::SubjectReport unseen = backend.state();
        CHECK(unseen.failure);
        CHECK(lock_age(unseen) == (stale ? std::optional(10800.0 + 14400.0) : std::nullopt));
        backend.instead.reset();
        backend.unlock();
        CHECK(lock_age(backend.state()) == 0);
        backend.instead = refusal("ThrottlingException");
        CHECK(lock_age(backend.state()) == std::nullopt);
    }
}

TEST_CASE("a digest that is another than the state's is said once the same two were seen for a minute") {
    Backend backend;
    backend.digest(kOther);
    CHECK(assertion(backend.state(), "digest") == kUnknown);
    backend.later = 30s;
    CHECK(assertion(backend.state(), "digest") == kUnknown);
    backend.later = 61s;
    CHECK(assertion(backend.state(), "digest") == kFails);
    // Another two: an apply went on, and may be on its way.
    backend.digest("11111111111111111111111111111111");
    CHECK(assertion(backend.state(), "digest") == kUnknown);
    backend.later = 3min;
    CHECK(assertion(backend.state(), "digest") == kFails);
    backend.digest(kMd5);
    CHECK(assertion(backend.state(), "digest") == kHolds);
    backend.digest("11111111111111111111111111111111");
    CHECK(assertion(backend.state(), "digest") == kUnknown);
    // A clock that went back has it wait for a minute, and no longer.
    backend.later = 0s;
    CHECK(assertion(backend.state(), "digest") == kUnknown);
    backend.later = 61s;
    CHECK(assertion(backend.state(), "digest") == kFails);
}

TEST_CASE("no digest is no word about it, and one that is no MD5 is not known") {
    Backend backend;
    backend.lock(kNewLock);
    const core::SubjectReport older = backend.state();
    CHECK(assertion(older, "digest") == std::nullopt);
    CHECK_FALSE(older.failure);
    // Terraform compares nothing with it.
    backend.digest("");
    CHECK(assertion(backend.state(), "digest") == std::nullopt);
    CHECK_FALSE(backend.state().failure);
    backend.digest("hunter2");
    const core::SubjectReport odd = backend.state();
    CHECK(assertion(odd, "digest") == std::nullopt);
    CHECK(lock_age(odd) == 60);
    REQUIRE(odd.failure);
    CHECK_THAT(odd.failure->detail, ContainsSubstring("expected an MD5") && !ContainsSubstring("hunter2"));
}
