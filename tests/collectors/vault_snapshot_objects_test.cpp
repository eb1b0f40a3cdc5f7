// SPDX-License-Identifier: Apache-2.0
// Snapshots of Vault that are objects in a bucket: what a listing means, and which object is read.
#include "collectors/vault_snapshot.hpp"

#include "io/evidence_json.hpp"
#include "tests/collectors/one_look.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace recoverd::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::PointState;

namespace {

std::string object(const std::string& key, const std::string& modified, std::size_t size = 19'000,
                   const std::string& etag = "e1") {
    return fmt::format("<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>&quot;{}&quot;</ETag>"
                       "<Size>{}</Size><StorageClass>STANDARD</StorageClass></Contents>",
                       key, modified, etag, size);
}

std::string listing(const std::string& contents, const std::string& next = {}) {
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
        "<ListBucketResult "
        "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>backups</Name><EncodingType>url</EncodingType>"
        "<IsTruncated>{}</IsTruncated>{}{}</ListBucketResult>",
        next.empty() ? "false" : "true",
        next.empty() ? "" : "<NextContinuationToken>" + next + "</NextContinuationToken>", contents);
}

std::string judged(core::ExerciseOutcome outcome, std::string message = "18.5KiB") {
    Seen seen;
    core::Exercise read{.id = "1", .exercise = "snapshot-download", .outcome = outcome, .message = std::move(message)};
    read.ended_at = kStart;
    seen.subjects.push_back({.subject = {}, .location = {}, .evidence = {std::move(read)}, .failure = {}});
    return io::to_lines(seen);
}

struct Bucket {
    asio::io_context ioc;
    FakeWorld world{ioc};
    std::vector<std::string> pages;
    int status = 200;
    Result<io::Finished> read = exited(judged(core::ExerciseOutcome::passed));
    std::vector<std::string> inputs;
    std::vector<std::string> urls;
    std::string cursor;

    Bucket() {
        world.secrets["KEY"] = "s3cret";
        world.on_http = [this](const io::HttpRequest& request) -> Result<io::HttpAnswer> {
            urls.push_back(request.url);
            io::HttpAnswer answer;
            answer.status = status;
            const std::size_t page = request.url.contains("continuation-token") ? 1 : 0;
            answer.body = status == 200 ? pages.at(page) : "<Error><Code>AccessDenied</Code></Error>";
            return answer;
        };
        world.on_worker = [this](const std::string&, const std::string& input) {
            inputs.push_back(input);
            return read;
        };
    }

    Collected look() {
        inputs.clear();
        const core::config::Table table{
            text("bucket", "backups"), text("prefix", "vault/"), text("region", "eu-west-1"),
            text("access_key_id", "AK"),
            entry("secret_access_key", {core::config::Table{{"env", {}, {std::string{"KEY"}, {}}}}, {}})};
        Collected seen = test::look(ioc, world, "vault_snapshot", table, cursor, 10min, 0ms);
        if (seen)
            cursor = seen->cursor;
        return seen;
    }
};

const std::string kOld = object("vault/a.snap", "2026-11-21T03:00:00.000Z");
const std::string kNew = object("vault/b.snap", "2026-11-22T02:00:00.000Z", 20'000, "e2");

} // namespace

TEST_CASE("the newest object is bad when what was read of it is, and is not read again") {
    Bucket bucket;
    bucket.pages = {listing(kNew + kOld)};
    bucket.read = exited(judged(core::ExerciseOutcome::failed, "not a whole snapshot: truncated gzip"));
    const Collected seen = bucket.look();
    REQUIRE(seen);
    const auto& found = points(seen, "");
    REQUIRE(found.points.size() == 2);
    CHECK(found.points[0].id == "vault/a.snap");
    CHECK(found.points[0].depth == core::Depth::exists);
    CHECK(found.points[1].state == PointState::bad);
    CHECK_THAT(found.points[1].detail, ContainsSubstring("truncated gzip"));
    CHECK(bucket.inputs.size() == 1);
    CHECK(points(bucket.look(), "").points[1].state == PointState::bad);
    CHECK(bucket.inputs.empty());
    // Another content of the same name is another object.
    bucket.pages = {listing(object("vault/b.snap", "2026-11-22T02:30:00.000Z", 20'000, "e3") + kOld)};
    bucket.read = exited(judged(core::ExerciseOutcome::passed));
    const Collected again = bucket.look();
    CHECK(points(again, "").points[1].state == PointState::good);
    CHECK(points(again, "").points[1].depth == core::Depth::checksummed);
    CHECK(points(again, "").points[1].encrypted == core::Told::yes);
}

TEST_CASE("an object that cannot be read is not proven, and the list of objects is told all the same") {
    Bucket bucket;
    bucket.pages = {listing(kOld)};
    bucket.read = exited(R"({"failure":{"kind":"refused","detail":"status 403"}})", 1);
    const Collected seen = bucket.look();
    CHECK(points(seen, "").points.at(0).depth == core::Depth::exists);
    CHECK(subject(seen, "").failure->kind == FailureKind::refused);
    // It is tried again.
    bucket.read = exited(judged(core::ExerciseOutcome::passed));
    CHECK_FALSE(subject(bucket.look(), "").failure);
}

TEST_CASE("an object that is listed as larger than max_size is not fetched, and that is said beside the list") {
    constexpr std::size_t kMost = std::size_t{4} << 30U;
    Bucket bucket;
    bucket.pages = {listing(kOld + object("vault/b.snap", "2026-11-22T02:00:00.000Z", kMost + 1, "e2"))};
    const Collected seen = bucket.look();
    CHECK(bucket.inputs.empty());
    REQUIRE(points(seen, "").points.size() == 2);
    CHECK(points(seen, "").points[1].state == PointState::good);
    CHECK(points(seen, "").points[1].depth == core::Depth::exists);
    REQUIRE(subject(seen, "").failure);
    CHECK(subject(seen, "").failure->kind == FailureKind::misconfigured);
    CHECK_THAT(subject(seen, "").failure->detail,
               ContainsSubstring("vault/b.snap: expected at most max_size, 4294967296 bytes, found 4294967297"));
    // One that is just as large is.
    bucket.pages = {listing(kOld + object("vault/b.snap", "2026-11-22T02:10:00.000Z", kMost, "e3"))};
    CHECK_FALSE(subject(bucket.look(), "").failure);
    CHECK(bucket.inputs.size() == 1);
}

TEST_CASE("a prefix that never had an object is a failure, one that has lost them all has no snapshot") {
    Bucket bucket;
    bucket.pages = {listing("")};
    REQUIRE_FALSE(bucket.look());
    bucket.pages = {listing(kOld)};
    REQUIRE(bucket.look());
    bucket.pages = {listing("")};
    CHECK(points(bucket.look(), "").count == 0);
}

TEST_CASE("a listing of several pages is read to its end, and half of one is none") {
    Bucket bucket;
    bucket.pages = {listing(kOld, "more"), listing(kNew)};
    CHECK(points(bucket.look(), "").count == 2);
    CHECK_THAT(bucket.urls.at(1), ContainsSubstring("continuation-token=more"));
    for (const std::string& broken :
         {listing(kOld).substr(0, 200), std::string{"<html></html>"}, std::string{},
          std::string{"<ListBucketResult></ListBucketResult>"}, listing("<Contents><Key>x</Key></Contents>")}) {
        CAPTURE(broken);
        bucket.pages = {broken};
        const Collected none = bucket.look();
        REQUIRE_FALSE(none);
        CHECK(none.error().kind == FailureKind::bad_answer);
    }
    bucket.status = 403;
    CHECK(bucket.look().error().kind == FailureKind::refused);
}

TEST_CASE("an empty object is bad and is not read, folders and checksums are no snapshots") {
    Bucket bucket;
    bucket.pages = {listing(object("vault/", "2026-11-22T02:00:00Z", 0) + kOld +
                            object("vault/a.snap.sha256", "2026-11-22T02:00:00Z", 64) +
                            object("vault/c%20%2B.snap", "2026-11-22T02:10:00Z", 0))};
    const auto found = points(bucket.look(), "");
    REQUIRE(found.count == 2);
    CHECK(found.points[1].id == "vault/c +.snap");
    CHECK(found.points[1].state == PointState::bad);
    CHECK(bucket.inputs.empty());
}

TEST_CASE("an object that was encrypted once more is not read, and is not called broken") {
    for (const char* ending : {".gpg", ".pgp", ".age", ".enc"}) {
        Bucket bucket;
        const std::string key = std::string{"vault/b.snap"} + ending;
        bucket.pages = {listing(kOld + object(key, "2026-11-22T02:00:00Z", 20'000, "e2"))};
        // A former release read it, and found no snapshot in it.
        bucket.cursor = write_vault_snapshot_cursor(
            {.files = {}, .objects = {true, {{key, {"e2", "not a whole snapshot: no gzip"}}}}, .fresh = {}});
        for (int looks = 0; looks < 2; ++looks) {
            const Collected seen = bucket.look();
            CHECK(bucket.inputs.empty());
            const auto& found = points(seen, "");
            REQUIRE(found.points.size() == 2);
            CHECK(found.points[1].id == key);
            CHECK(found.points[1].state == PointState::good);
            CHECK(found.points[1].depth == core::Depth::exists);
            CHECK(found.points[1].encrypted == core::Told::yes);
            CHECK_FALSE(subject(seen, "").failure);
        }
        // What it is called says nothing of what there is of it.
        bucket.pages = {listing(kOld + object(key, "2026-11-22T02:10:00Z", 0, "e3"))};
        CHECK(points(bucket.look(), "").points.at(1).state == PointState::bad);
    }
}

TEST_CASE(
    "a signature or a list of checksums that came after a snapshot is none, and keeps no snapshot from its proof") {
    for (const char* name :
         {"b.snap.sig", "b.snap.asc", "b.snap.minisig", "b.snap.sha1", "b.snap.sha256", "b.snap.sha512", "b.snap.md5",
          "b.snap.age.sig", "SHA256SUMS", "SHA512SUMS", "SHA1SUMS", "MD5SUMS"}) {
        Bucket bucket;
        bucket.pages = {listing(kNew + object(std::string{"vault/"} + name, "2026-11-22T02:00:01Z", 96))};
        const Collected seen = bucket.look();
        const auto& found = points(seen, "");
        REQUIRE(found.count == 1);
        CHECK(found.points[0].depth == core::Depth::checksummed);
        REQUIRE(bucket.inputs.size() == 1);
        CHECK_THAT(io::Json::parse(bucket.inputs[0])["url"].text(), ContainsSubstring("/vault/b.snap"));
    }
}

TEST_CASE("what reads the object is signed for it, and follows nobody elsewhere") {
    Bucket bucket;
    bucket.pages = {listing(kNew)};
    CHECK(bucket.look());
    REQUIRE(bucket.inputs.size() == 1);
    const auto input = io::Json::parse(bucket.inputs[0]);
    CHECK_THAT(input["url"].text(), ContainsSubstring("/vault/b.snap"));
    CHECK(input["auth"]["username"].text() == "AK");
    CHECK(input["auth"]["password"].text() == "s3cret");
    CHECK(input["auth"]["sigv4"].text() == "aws:amz:eu-west-1:s3");
    CHECK(input["max_redirects"].natural() == 0);
}
