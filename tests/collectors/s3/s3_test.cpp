// SPDX-License-Identifier: Apache-2.0
// The collector on a scripted bucket, the unhappy ones first.
#include "tests/collectors/s3/bucket.hpp"

#include "core/assertion.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <array>
#include <random>

using namespace recoverd;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::AssertionState;
using core::FailureKind;
using test::data;

namespace {

// test::kStart is 2026-11-22T03:00:00Z.
const std::string kTwoVersions = test::versions(test::version("state", "v2", "2026-11-22T02:00:00Z", 12, true) +
                                                test::version("state", "v1", "2026-11-20T02:00:00Z", 11, false));
const std::vector<std::pair<std::string, std::string>> kHeaders{{"last-modified", "Sun, 22 Nov 2026 02:00:00 GMT"},
                                                                {"etag", "\"e\""}};

/// A bucket in which all is well, for `key = "state"`.
struct States : test::Bucket {
    States() {
        on("GET ?versions", 200, kTwoVersions);
        on("GET ?versioning", 200, data("s3/versioning-enabled.xml"));
        on("HEAD state", 200, "", with({{"x-amz-server-side-encryption", "aws:kms"}}));
    }

    static std::vector<std::pair<std::string, std::string>>
    with(const std::vector<std::pair<std::string, std::string>>& more) {
        auto headers = kHeaders;
        headers.insert(headers.end(), more.begin(), more.end());
        return headers;
    }

    collectors::Collected look_at(core::config::Table more = {}) {
        more.push_back(test::text("key", "state"));
        return look(std::move(more));
    }
};

std::optional<core::Assertion> assertion(const collectors::Collected& seen, std::string_view name,
                                         std::string_view subject = "") {
    REQUIRE(seen);
    for (const auto& evidence : test::subject(seen, subject).evidence)
        if (const auto* all = std::get_if<core::Assertions>(&evidence))
            for (const auto& one : all->assertions)
                if (one.name == name)
                    return one;
    return std::nullopt;
}

AssertionState state(const collectors::Collected& seen, std::string_view name) {
    const auto found = assertion(seen, name);
    INFO(name);
    REQUIRE(found);
    return core::state_of(*found);
}

std::string actual(const collectors::Collected& seen, std::string_view name) {
    const auto found = assertion(seen, name);
    INFO(name);
    REQUIRE(found);
    return found->actual.value_or("unknown: " + found->detail);
}

core::config::Entry flag(std::string key, bool value) { return test::entry(std::move(key), {value, {}}); }
core::config::Entry period(std::string key, std::string value) { return test::text(std::move(key), std::move(value)); }

std::string lock(const std::string& rule) {
    return "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>" + rule +
           "</ObjectLockConfiguration>";
}

std::string retained(const std::string& until, const std::string& mode = "COMPLIANCE") {
    return "<Retention><Mode>" + mode + "</Mode><RetainUntilDate>" + until + "</RetainUntilDate></Retention>";
}

} // namespace

TEST_CASE("a bucket that cannot be listed is a failure, with the service's words") {
    States s3;
    s3.on("GET ?versions", 403, data("s3/access-denied.xml"));
    const auto denied = s3.look_at();
    REQUIRE_FALSE(denied);
    CHECK(denied.error().kind == FailureKind::refused);
    CHECK_THAT(denied.error().detail, ContainsSubstring("s3://backups: status 403, AccessDenied"));
    s3.on("GET ?versions", 404, "<Error><Code>NoSuchBucket</Code></Error>");
    CHECK(s3.look_at().error().kind == FailureKind::bad_answer);
    s3.on("GET ?versions", 301, "", {{"x-amz-bucket-region", "us-west-2"}});
    CHECK(s3.look_at().error().kind == FailureKind::misconfigured);
}

TEST_CASE("a service that answers 200 with the objects when asked for versions is a failure, not an empty history") {
    States s3;
    s3.on("GET ?versions", 200, test::objects(test::object("state", "2026-11-22T02:00:00Z", 12)));
    const auto lie = s3.look_at();
    REQUIRE_FALSE(lie);
    CHECK(lie.error().kind == FailureKind::bad_answer);
    CHECK_THAT(lie.error().detail, ContainsSubstring("expected <ListVersionsResult>"));
}

TEST_CASE("a service that knows neither versioning nor its settings leaves them unknown, and tells of its objects") {
    States s3;
    s3.answers.erase("GET ?versioning");
    s3.on("GET ?encryption", 200, data("s3/encryption-listing.xml"));
    const auto seen = s3.look_at({flag("private", true), test::text("object_lock", "COMPLIANCE"),
                                  period("retention", "90d"), test::text("encryption", "aws:kms")});
    for (const char* name :
         {"versioning", "object_lock", "newest_object_lock", "encryption_default", "lifecycle", "public_access"})
        CHECK(state(seen, name) == AssertionState::unknown);
    CHECK_THAT(actual(seen, "versioning"), ContainsSubstring("501, NotImplemented"));
    CHECK(test::points(seen, "").count == 2);
}

TEST_CASE("the versions of an object are its recovery points, the newest of them told by its headers") {
    States s3;
    const auto seen = s3.look_at();
    const auto& points = test::points(seen, "");
    REQUIRE(points.points.size() == 2);
    CHECK(points.method == "s3");
    CHECK(points.points[0].id == "v1");
    CHECK(points.points[1].id == "v2");
    CHECK(points.points[1].data_at == test::kStart - 1h);
    CHECK(points.points[1].size_bytes == 12);
    CHECK(points.points[1].depth == core::Depth::exists);
    CHECK(points.points[1].encrypted == core::Told::yes);
    CHECK(points.points[0].encrypted == core::Told::not_told);
    CHECK(points.oldest_at == test::kStart - 49h);
    CHECK_FALSE(points.source_changed_at);
    CHECK(state(seen, "versioning") == AssertionState::holds);
    CHECK(state(seen, "object") == AssertionState::holds);
}

TEST_CASE("a state that has not changed for a year is not too old where each change makes its version") {
    States s3;
    const auto seen = s3.look_at({flag("changes_rarely", true)});
    const auto& points = test::points(seen, "");
    CHECK(points.source_changed_at == points.points.back().data_at);
}

TEST_CASE("an object that was deleted still has versions, and is said to be deleted") {
    States s3;
    s3.on("GET ?versions", 200,
          test::versions(test::delete_marker("state", "d1", "2026-11-22T02:30:00Z", true) +
                         test::version("state", "v1", "2026-11-20T02:00:00Z", 11, false)));
    const auto seen = s3.look_at();
    CHECK(actual(seen, "object") == "deleted");
    CHECK(test::points(seen, "").count == 1);
    CHECK(s3.requests.back().url.ends_with("?versionId=v1"));
    s3.on("GET ?versions", 200,
          test::versions(test::version("state", "v2", "2026-11-22T02:00:00Z", 12, true) +
                         test::delete_marker("state", "d1", "2026-11-21T02:30:00Z", false)));
    CHECK(actual(s3.look_at(), "object") == "there");
}

TEST_CASE("an object that is not there has no recovery points, which is an answer") {
    States s3;
    s3.on("GET ?versions", 200, test::versions(test::version("state.backup", "v", "2026-11-22T02:00:00Z", 1, true)));
    const auto seen = s3.look_at();
    REQUIRE(seen);
    CHECK(test::points(seen, "").count == 0);
    CHECK_FALSE(assertion(seen, "object"));
}

TEST_CASE("versioning that is suspended or was never enabled keeps no version of a key") {
    States s3;
    s3.on("GET ?versioning", 200, data("s3/versioning-suspended.xml"));
    CHECK(actual(s3.look_at(), "versioning") == "Suspended");
    s3.on("GET ?versioning", 200, data("s3/versioning-never.xml"));
    CHECK(actual(s3.look_at(), "versioning") == "never enabled");
    CHECK_FALSE(assertion(s3.look_at({flag("versioning", false)}), "versioning"));
}

TEST_CASE("an empty or too small object is a broken backup") {
    States s3;
    s3.on("GET ?versions", 200,
          test::versions(test::version("state", "v2", "2026-11-22T02:00:00Z", 0, true) +
                         test::version("state", "v1", "2026-11-20T02:00:00Z", 100, false)));
    const auto seen = s3.look_at();
    CHECK(test::points(seen, "").points.back().state == core::PointState::bad);
    CHECK(test::points(seen, "").points.back().detail == "it is empty");
    const auto larger = s3.look_at({test::text("min_size", "1KiB")});
    CHECK_THAT(test::points(larger, "").points.front().detail, ContainsSubstring("expected 1KiB at least"));
    CHECK_FALSE(test::points(larger, "").oldest_at);
}

TEST_CASE("below a prefix every object is a recovery point, and folders are none") {
    States s3;
    s3.on("GET ?list-type", 200,
          test::objects(test::object("dumps%2F", "2026-11-19T00:00:00Z", 0) +
                        test::object("dumps%2Fb.dump", "2026-11-21T00:00:00Z", 7) +
                        test::object("dumps%2Fa.dump", "2026-11-22T00:00:00Z", 9)));
    const auto seen = s3.look({test::text("prefix", "dumps/"), flag("head", false)});
    const auto& points = test::points(seen, "");
    REQUIRE(points.points.size() == 2);
    CHECK(points.points.back().id == "dumps/a.dump");
    CHECK(s3.requests.size() == 1); // neither versioning nor headers were asked for
    CHECK_THAT(s3.requests[0].url, ContainsSubstring("?encoding-type=url&list-type=2&max-keys=1000&prefix=dumps%2F"));
}

TEST_CASE("a signature that came after the backup is not the newest one") {
    States s3;
    s3.on("GET ?list-type", 200,
          test::objects(test::object("dumps%2F1.tar", "2026-11-20T00:00:00Z", 9) +
                        test::object("dumps%2F1.tar.sig", "2026-11-20T00:01:00Z", 1) +
                        test::object("dumps%2FSHA1SUMS", "2026-11-20T00:02:00Z", 1) +
                        test::object("dumps%2FSHA256SUMS", "2026-11-20T00:02:00Z", 1)));
    for (const auto& [option, value] : {std::pair{"prefix", "dumps/"}, std::pair{"key", "dumps/*"}}) {
        const auto seen = s3.look({test::text(option, value), flag("head", false)});
        const auto& points = test::points(seen, "");
        REQUIRE(points.points.size() == 1);
        CHECK(points.points[0].id == "dumps/1.tar");
    }
}

TEST_CASE("pages are asked for one after the other, a thousand keys each") {
    States s3;
    int page = 0;
    const auto paged = [&](const io::HttpRequest& request) {
        s3.requests.push_back(request);
        io::HttpAnswer answer;
        answer.status = 200;
        answer.body =
            test::objects(test::object(fmt::format("d{}", page), "2026-11-22T00:00:00Z", 1),
                          page == 2 ? "<IsTruncated>false</IsTruncated>"
                                    : fmt::format("<IsTruncated>true</IsTruncated><NextContinuationToken>t/{}=="
                                                  "</NextContinuationToken>",
                                                  page));
        ++page;
        return answer;
    };
    s3.on("GET ?list-type", 500, "");
    collectors::Collected seen = s3.look({flag("head", false)}, 60s, paged);
    CHECK(test::points(seen, "").count == 3);
    REQUIRE(s3.requests.size() == 3);
    CHECK_THAT(s3.requests[1].url, ContainsSubstring("?continuation-token=t%2F0%3D%3D&encoding-type=url&"));
}

TEST_CASE("{subject} names a series per match, and a pattern that fits nothing is no good news") {
    States s3;
    s3.on("GET ?versions", 200,
          test::versions(test::version("env%2Fprod%2Fterraform.tfstate", "p", "2026-11-22T00:00:00Z", 9, true) +
                         test::version("env%2Ftest%2Fterraform.tfstate", "t", "2026-11-21T00:00:00Z", 9, true) +
                         test::version("env%2Ftest%2Fterraform.tfstate.tflock", "l", "2026-11-21T00:00:00Z", 9, true)));
    const auto seen = s3.look({test::text("key", "env/{subject}/terraform.tfstate"), flag("head", false)});
    REQUIRE(seen);
    CHECK(seen->complete);
    REQUIRE(seen->subjects.size() == 2);
    CHECK(test::points(seen, "prod").count == 1);
    CHECK(test::points(seen, "test").count == 1);
    CHECK(assertion(seen, "versioning", "prod"));
    const auto nothing = s3.look({test::text("key", "state/{subject}"), flag("head", false)});
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error().kind == FailureKind::bad_answer);
}

TEST_CASE("a pattern that makes a series of every object is misconfigured, and not asked about further") {
    States s3;
    std::string listed;
    for (int i = 0; i <= 1'000; ++i)
        listed += test::object(fmt::format("dumps/{}.dump", i), "2026-11-22T00:00:00Z", 9);
    s3.on("GET ?list-type", 200, test::objects(listed));
    const auto seen = s3.look({test::text("key", "dumps/{subject}.dump*"), flag("head", false)});
    REQUIRE_FALSE(seen);
    CHECK(seen.error().kind == FailureKind::misconfigured);
    CHECK_THAT(seen.error().detail, ContainsSubstring("expected at most 1000 series, found more"));
    CHECK(s3.requests.size() == 1);
}

TEST_CASE("object lock without a default retention locks nothing, and a default is for what comes after it") {
    States s3;
    const core::config::Table expected{test::text("object_lock", "GOVERNANCE"), period("object_lock_for", "30d")};
    s3.on("GET ?object-lock", 200, lock(""));
    s3.on("GET state?retention", 404, "<Error><Code>NoSuchObjectLockConfiguration</Code></Error>");
    const auto bare = s3.look_at(expected);
    CHECK(actual(bare, "object_lock") == "on, without a default retention");
    CHECK(actual(bare, "object_lock_days") == "0");
    CHECK(actual(bare, "newest_object_lock") == "not locked");
    s3.on("GET ?object-lock", 200,
          lock("<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>30</Days></DefaultRetention></Rule>"));
    const auto late = s3.look_at(expected);
    CHECK(state(late, "object_lock") == AssertionState::holds); // COMPLIANCE is more than GOVERNANCE
    CHECK(state(late, "object_lock_days") == AssertionState::holds);
    CHECK(state(late, "newest_object_lock") == AssertionState::fails);
    s3.on("GET state?retention", 200, retained("2026-12-22T03:00:00.123456789Z"));
    CHECK(state(s3.look_at(expected), "newest_object_lock") == AssertionState::holds);
    s3.on("GET state?retention", 200, retained("2026-11-21T03:00:00Z"));
    CHECK(actual(s3.look_at(expected), "newest_object_lock") == "no longer locked");
}

TEST_CASE("a lock that ran its whole time was kept, of what rarely changes") {
    States s3;
    s3.on("GET ?versions", 200, test::versions(test::version("state", "v1", "2026-10-01T02:00:00Z", 12, true)));
    s3.on("GET ?object-lock", 200,
          lock("<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>30</Days></DefaultRetention></Rule>"));
    s3.on("GET state?retention", 200, retained("2026-10-31T02:00:00Z"));
    core::config::Table expected{test::text("object_lock", "COMPLIANCE"), period("object_lock_for", "30d")};
    CHECK(actual(s3.look_at(expected), "newest_object_lock") == "no longer locked");
    expected.push_back(flag("changes_rarely", true));
    CHECK(state(s3.look_at(expected), "newest_object_lock") == AssertionState::holds);
    s3.on("GET state?retention", 200, retained("2026-10-08T02:00:00Z"));
    CHECK(actual(s3.look_at(expected), "newest_object_lock") == "no longer locked");
}

TEST_CASE("until when an object may not be deleted is not when it will be") {
    States s3;
    s3.on("HEAD state", 200, "",
          States::with({{"x-amz-object-lock-mode", "COMPLIANCE"},
                        {"x-amz-object-lock-retain-until-date", "2026-11-22T02:30:00Z"}}));
    CHECK_FALSE(test::points(s3.look_at(), "").points.back().kept_until);
}

TEST_CASE("the newest object is locked as it was asked for, and for as long") {
    States s3;
    const core::config::Table strict{test::text("object_lock", "COMPLIANCE"), period("object_lock_for", "30d")};
    s3.on("GET ?object-lock", 200,
          lock("<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>30</Days></DefaultRetention></Rule>"));
    const auto found = [&](const core::config::Table& expected, const std::string& document) {
        s3.on("GET state?retention", 200, document);
        return actual(s3.look_at(expected), "newest_object_lock");
    };
    // It was made on 2026-11-22 at 2.
    CHECK(found(strict, retained("2026-12-22T02:00:00Z")) == "locked as COMPLIANCE for 30 days");
    CHECK(state(s3.look_at(strict), "newest_object_lock") == AssertionState::holds);
    CHECK(found(strict, retained("2026-12-21T03:00:00Z")) == "locked as COMPLIANCE for 30 days");
    CHECK(found(strict, retained("2026-12-22T02:00:00Z", "GOVERNANCE")) == "locked as GOVERNANCE");
    CHECK(found(strict, retained("2026-11-29T02:00:00Z")) == "locked for 7 days");
    CHECK(state(s3.look_at(strict), "newest_object_lock") == AssertionState::fails);
    CHECK_THAT(found(strict, "<Retention><RetainUntilDate>2026-12-22T02:00:00Z</RetainUntilDate></Retention>"),
               ContainsSubstring("unknown: "));
    const core::config::Table lenient{test::text("object_lock", "GOVERNANCE")};
    CHECK(found(lenient, retained("2026-11-29T02:00:00Z", "GOVERNANCE")) == "locked");
    CHECK(found(lenient, retained("2026-11-29T02:00:00Z")) == "locked");
}

TEST_CASE("GOVERNANCE is less than COMPLIANCE, fewer days are fewer, and off is said once") {
    States s3;
    const core::config::Table expected{test::text("object_lock", "COMPLIANCE"), period("object_lock_for", "30d")};
    s3.on("GET ?object-lock", 200,
          lock("<Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>7</Days></DefaultRetention></Rule>"));
    s3.on("GET state?retention", 403, data("s3/access-denied.xml"));
    const auto seen = s3.look_at(expected);
    CHECK(actual(seen, "object_lock") == "GOVERNANCE");
    CHECK(state(seen, "object_lock") == AssertionState::fails);
    CHECK(state(seen, "object_lock_days") == AssertionState::fails);
    // Without s3:GetObjectRetention nobody knows; the headers of the object would be silent, as if it were not locked.
    CHECK(state(seen, "newest_object_lock") == AssertionState::unknown);
    s3.on("GET ?object-lock", 404, data("s3/object-lock-none.xml"));
    const auto off = s3.look_at({test::text("object_lock", "COMPLIANCE")});
    CHECK(actual(off, "object_lock") == "off");
    CHECK_FALSE(assertion(off, "newest_object_lock"));
}

TEST_CASE("a lifecycle that deletes sooner than was promised is said before it has deleted anything") {
    States s3;
    s3.on("GET ?lifecycle", 404, data("s3/lifecycle-none.xml"));
    CHECK(state(s3.look_at({period("retention", "90d")}), "lifecycle") == AssertionState::holds);
    const auto rule = [&](const std::string& content) {
        s3.on("GET ?lifecycle", 200,
              "<LifecycleConfiguration><Rule><ID>old</ID><Status>Enabled</Status>" + content +
                  "</Rule></LifecycleConfiguration>");
        return actual(s3.look_at({period("retention", "90d")}), "lifecycle");
    };
    const auto noncurrent = [](int days) {
        return fmt::format(
            "<NoncurrentVersionExpiration><NoncurrentDays>{}</NoncurrentDays></NoncurrentVersionExpiration>", days);
    };
    CHECK(rule("<Filter/>" + noncurrent(30)) == "rule 'old' deletes after 30d");
    CHECK(rule("<Filter/>" + noncurrent(90)) == "deletes nothing before 90d");
    CHECK(rule("<NoncurrentVersionExpiration><NewerNoncurrentVersions>5</NewerNoncurrentVersions>"
               "</NoncurrentVersionExpiration>") == "rule 'old' deletes after 0s");
    CHECK_THAT(rule("<Expiration/>"), ContainsSubstring("unknown: rule 'old' deletes by something"));
    CHECK_THAT(rule("<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter>" + noncurrent(30)),
               ContainsSubstring("unknown: rule 'old' deletes after 30d, of objects with tags or sizes"));
}

TEST_CASE("a bucket that is open to everybody is said to be, by what opens it") {
    States s3;
    const core::config::Table expected{flag("private", true)};
    s3.on("GET ?publicAccessBlock", 200, data("s3/public-access-block.xml"));
    CHECK(actual(s3.look_at(expected), "public_access") == "none");
    CHECK(std::ranges::none_of(s3.requests, [](const auto& request) { return request.url.ends_with("?acl="); }));
    s3.on("GET ?publicAccessBlock", 200, data("s3/public-access-block-off.xml"));
    s3.on("GET ?policyStatus", 200, data("s3/policy-status-none.xml"));
    s3.on("GET ?acl", 200, data("s3/acl-public.xml"));
    CHECK(actual(s3.look_at(expected), "public_access") == "ACL");
    s3.on("GET ?acl", 200, data("s3/acl-private.xml"));
    CHECK(actual(s3.look_at(expected), "public_access") == "none");
    s3.on("GET ?policyStatus", 403, data("s3/access-denied.xml"));
    CHECK(state(s3.look_at(expected), "public_access") == AssertionState::unknown);
}

TEST_CASE("replication is told by the newest object: arrived, on its way, failed, or never meant") {
    States s3;
    const core::config::Table expected{test::entry("replicas", test::list({"dr-backups"}))};
    s3.on("GET ?replication", 200,
          "<ReplicationConfiguration><Role>r</Role><Rule><Status>Enabled</Status><Filter/><Destination><Bucket>"
          "arn:aws:s3:::dr-backups</Bucket></Destination></Rule></ReplicationConfiguration>");
    const auto follower = [&](const std::string& status) {
        s3.on("HEAD state", 200, "", status.empty() ? kHeaders : States::with({{"x-amz-replication-status", status}}));
        const auto seen = s3.look_at(expected);
        const auto& followers = test::evidence<core::Replication>(test::subject(seen, "")).followers;
        REQUIRE(followers.size() == 1);
        CHECK(followers[0].name == "dr-backups");
        CHECK(followers[0].expected);
        return followers[0];
    };
    CHECK(follower("COMPLETED").state == core::FollowerState::streaming);
    CHECK(follower("COMPLETE").state == core::FollowerState::streaming);
    CHECK(follower("PENDING").state == core::FollowerState::catching_up);
    const auto pending = follower("PENDING");
    // Its upload began an hour ago; that it is on its way was not seen before.
    CHECK(pending.lag == core::Duration{0});
    CHECK(follower("FAILED").state == core::FollowerState::missing);
    CHECK(follower("").state == core::FollowerState::missing); // it was put before there was a rule
    s3.on("HEAD state", 200, "", States::with({{"x-amz-replication-status", "REPLICA"}}));
    const auto elsewhere = s3.look_at(expected);
    const auto& report = test::subject(elsewhere, "");
    REQUIRE(report.failure);
    CHECK_THAT(report.failure->detail, ContainsSubstring("the newest object came from another bucket"));
    CHECK(std::ranges::none_of(report.evidence,
                               [](const auto& one) { return std::holds_alternative<core::Replication>(one); }));
    CHECK(test::points(elsewhere, "").count == 2);
    s3.on("GET ?replication", 200, data("s3/replication-empty.xml"));
    CHECK(follower("COMPLETED").state == core::FollowerState::missing);
    CHECK(follower("REPLICA").state == core::FollowerState::missing);
}

TEST_CASE("of a bucket that only tagged objects go to the status tells nothing where they go elsewhere too") {
    States s3;
    const core::config::Table expected{test::entry("replicas", test::list({"dr-backups"}))};
    const std::string tagged =
        "<Rule><Status>Enabled</Status><Filter><Tag><Key>dr</Key><Value>yes</Value></Tag></Filter><Destination>"
        "<Bucket>arn:aws:s3:::dr-backups</Bucket></Destination></Rule>";
    const auto replicated = [&](const std::string& rules, const std::string& status) {
        s3.on("GET ?replication", 200, "<ReplicationConfiguration>" + rules + "</ReplicationConfiguration>");
        s3.on("HEAD state", 200, "", status.empty() ? kHeaders : States::with({{"x-amz-replication-status", status}}));
        const auto seen = s3.look_at(expected);
        return test::subject(seen, "");
    };
    const auto alone = replicated(tagged, "COMPLETED");
    CHECK(test::evidence<core::Replication>(alone).followers.at(0).state == core::FollowerState::streaming);
    const std::string both = tagged + "<Rule><Status>Enabled</Status><Filter/><Destination><Bucket>arn:aws:s3:::near"
                                      "</Bucket></Destination></Rule>";
    const auto report = replicated(both, "COMPLETED");
    REQUIRE(report.failure);
    CHECK_THAT(report.failure->detail,
               ContainsSubstring("only objects with certain tags are replicated to dr-backups"));
    CHECK(std::ranges::none_of(report.evidence,
                               [](const auto& one) { return std::holds_alternative<core::Replication>(one); }));
    const auto none = replicated(both, "");
    CHECK(test::evidence<core::Replication>(none).followers.at(0).state == core::FollowerState::missing);
}

TEST_CASE("replication that could not be learned is a failure of the subject, beside what was learned") {
    States s3;
    const core::config::Table expected{test::entry("replicas", test::list({"dr-backups"}))};
    const auto seen = s3.look_at(expected); // 501
    REQUIRE(seen);
    const auto& report = test::subject(seen, "");
    REQUIRE(report.failure);
    CHECK_THAT(report.failure->detail, ContainsSubstring("?replication: status 501"));
    CHECK(test::points(seen, "").count == 2);
}

TEST_CASE("who may not read the objects learns that they are there, and nothing of their encryption") {
    States s3;
    s3.on("HEAD state", 403, "");
    const auto seen = s3.look_at();
    REQUIRE(seen);
    CHECK_FALSE(test::subject(seen, "").failure);
    CHECK(test::points(seen, "").points.back().encrypted == core::Told::not_told);
}

TEST_CASE("a newest object in an archive takes hours to read, unless a copy was brought back") {
    const auto look = [](std::vector<std::pair<std::string, std::string>> headers,
                         const std::string& listed = "GLACIER", bool head = true) {
        States s3;
        std::string listing = kTwoVersions;
        const std::string standard = "STANDARD";
        listing.replace(listing.find(standard), standard.size(), listed); // of the first, the newest
        s3.on("GET ?versions", 200, listing);
        s3.on("HEAD state", 200, "", States::with(headers));
        return s3.look_at({flag("at_hand", true), flag("head", head)});
    };
    const auto detail = [](const collectors::Collected& seen) { return test::points(seen, "").points.back().detail; };

    const auto cold = look({{"x-amz-storage-class", "DEEP_ARCHIVE"}});
    CHECK(state(cold, "at_hand") == AssertionState::fails);
    CHECK(actual(cold, "at_hand") == "in DEEP_ARCHIVE, for hours");
    CHECK(detail(cold) == "in DEEP_ARCHIVE: reading it takes hours");
    CHECK(test::points(cold, "").points.back().state == core::PointState::good);
    CHECK(test::points(cold, "").points.front().detail.empty());
    const std::string restored = R"(ongoing-request="false", expiry-date="Fri, 21 Dec 2026 00:00:00 GMT")";
    const auto back = look({{"x-amz-storage-class", "GLACIER"}, {"x-amz-restore", restored}});
    CHECK(state(back, "at_hand") == AssertionState::holds);
    CHECK(detail(back).empty());
    CHECK(state(look({{"x-amz-storage-class", "GLACIER"}, {"x-amz-restore", R"(ongoing-request="true")"}}),
                "at_hand") == AssertionState::fails);
    CHECK(state(look({{"x-amz-storage-class", "INTELLIGENT_TIERING"}, {"x-amz-archive-status", "ARCHIVE_ACCESS"}}),
                "at_hand") == AssertionState::fails);
    // These are read at once, whatever they are called.
    for (const char* warm : {"STANDARD_IA", "GLACIER_IR", "INTELLIGENT_TIERING", "ONEZONE_IA"})
        CHECK(state(look({{"x-amz-storage-class", warm}}, warm), "at_hand") == AssertionState::holds);
    // Nobody asked the object itself.
    const auto unasked = look({}, "GLACIER", false);
    CHECK(state(unasked, "at_hand") == AssertionState::unknown);
    CHECK(detail(unasked) == "in GLACIER: unless it was brought back, reading it takes hours");
    CHECK(state(look({}, "INTELLIGENT_TIERING", false), "at_hand") == AssertionState::unknown);
    CHECK(state(look({}, "STANDARD", false), "at_hand") == AssertionState::holds);
    States s3;
    CHECK_FALSE(assertion(s3.look_at(), "at_hand"));
}

TEST_CASE("a setting that hangs takes a part of the time, and the rest is told") {
    States s3;
    s3.world.hangs = [](const std::string& asked) { return asked.ends_with("?versioning="); };
    const auto seen = s3.look_at();
    CHECK(state(seen, "versioning") == AssertionState::unknown);
    CHECK(test::points(seen, "").count == 2);
    CHECK(s3.world.timers().elapsed() < 60s);
}

TEST_CASE("keys that are missing or wrong are a failure, and no request is made without") {
    States s3;
    s3.world.secrets.clear();
    const auto seen = s3.look_at();
    REQUIRE_FALSE(seen);
    CHECK(seen.error().kind == FailureKind::misconfigured);
    CHECK(s3.requests.empty());
}

TEST_CASE("garbage of any status is an answer or a failure, and never a surprise") {
    const std::vector<std::string> documents{kTwoVersions,
                                             data("s3/versions.xml"),
                                             data("s3/versions-first-page.xml"),
                                             data("s3/encryption-listing.xml"),
                                             data("s3/object-lock-compliance.xml"),
                                             data("s3/lifecycle.xml"),
                                             data("s3/acl-public.xml"),
                                             retained("2026-12-22T03:00:00Z"),
                                             "",
                                             "<a/>",
                                             std::string(1'000, '<')};
    for (unsigned seed = 0; seed < 500; ++seed) {
        CAPTURE(seed);
        States s3;
        std::mt19937 random(seed);
        const auto garbage = [&](const io::HttpRequest&) {
            static constexpr std::array kStatus{200, 200, 200, 200, 404, 403, 501, 0};
            io::HttpAnswer answer;
            answer.status = kStatus.at(random() % kStatus.size());
            answer.body = documents[random() % documents.size()];
            if (random() % 4 == 0 && !answer.body.empty())
                answer.body[random() % answer.body.size()] = static_cast<char>(random());
            answer.headers = kHeaders;
            return answer;
        };
        const auto seen =
            s3.look({test::text("key", random() % 2 ? "env/{subject}/terraform.tfstate" : "state"),
                     flag("private", true), test::text("object_lock", "COMPLIANCE"), period("retention", "90d"),
                     test::text("encryption", "aws:kms"), test::entry("replicas", test::list({"dr"}))},
                    60s, garbage);
        if (!seen)
            CHECK_FALSE(seen.error().detail.starts_with("unexpected:"));
    }
}
