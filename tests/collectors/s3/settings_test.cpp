// SPDX-License-Identifier: Apache-2.0
// What subresources say: this, not configured, or not known; by a real Ceph gateway (16.2, tests/data/s3/) and as
// Amazon's documentation has it.
#include "collectors/s3/exposure.hpp"
#include "tests/support/fake_world.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace recoverd::collectors::s3_parts;
using Catch::Matchers::ContainsSubstring;
using test::data;

namespace {

Setting answered(const Subresource& asked, int status, const std::string& body) {
    io::HttpAnswer answer;
    answer.status = status;
    answer.body = body;
    return read_setting(answer, asked, "GET s3://b/?x");
}

std::string rule(const std::string& content, const std::string& status = "Enabled") {
    return "<Rule><ID>r</ID><Status>" + status + "</Status>" + content + "</Rule>";
}

/// All that is below env/.
const SeriesKeys kEnv{.prefix = "env/", .all_below = true};

Expiries expiries(const std::string& rules, const SeriesKeys& keys = kEnv, bool versions = true) {
    const Setting setting = answered(kLifecycle, 200, "<LifecycleConfiguration>" + rules + "</LifecycleConfiguration>");
    const auto found = expiries_of(setting, keys, versions);
    REQUIRE(found);
    return *found;
}

std::string days(int count) { return fmt::format("<Expiration><Days>{}</Days></Expiration>", count); }

} // namespace

TEST_CASE("a listing of the bucket instead of a setting is a lie, and leaves it unknown") {
    const Setting lie = answered(kEncryption, 200, data("s3/encryption-listing.xml"));
    REQUIRE_FALSE(lie);
    CHECK(lie.error().kind == FailureKind::bad_answer);
    CHECK_THAT(lie.error().detail,
               ContainsSubstring("expected <ServerSideEncryptionConfiguration>, found a listing of the bucket"));
    for (const auto& asked : {kVersioning, kObjectLock, kLifecycle, kPublicAccessBlock, kPolicyStatus, kReplication})
        CHECK_FALSE(answered(asked, 200, data("s3/encryption-listing.xml")));
}

TEST_CASE("501, 403, an empty body and HTML leave a setting unknown, never off") {
    const Setting not_implemented = answered(kObjectLock, 501, "<Error><Code>NotImplemented</Code></Error>");
    REQUIRE_FALSE(not_implemented);
    CHECK_THAT(not_implemented.error().detail, ContainsSubstring("501, NotImplemented"));
    const Setting denied = answered(kObjectLock, 403, data("s3/access-denied.xml"));
    REQUIRE_FALSE(denied);
    CHECK(denied.error().kind == FailureKind::refused);
    CHECK_FALSE(answered(kObjectLock, 200, ""));
    CHECK_FALSE(answered(kObjectLock, 404, "<html>nothing here</html>"));
    CHECK_FALSE(answered(kObjectLock, 404, "<Error><Code>NoSuchBucket</Code></Error>"));
    CHECK_FALSE(answered(kVersioning, 404, "<Error><Code></Code></Error>"));
}

TEST_CASE("versioning that was never enabled says nothing, which is not Enabled") {
    CHECK(versioning_of(answered(kVersioning, 200, data("s3/versioning-never.xml"))) == "never enabled");
    CHECK(versioning_of(answered(kVersioning, 200, data("s3/versioning-suspended.xml"))) == "Suspended");
    CHECK(versioning_of(answered(kVersioning, 200, data("s3/versioning-enabled.xml"))) == "Enabled");
}

TEST_CASE("object lock that is Enabled without a rule locks nothing by default") {
    const auto lock = [](const std::string& xml) {
        const auto found = default_retention_of(answered(kObjectLock, 200, xml));
        REQUIRE(found);
        return *found;
    };
    const auto bare =
        lock("<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>");
    CHECK(bare.enabled);
    CHECK(bare.mode.empty());
    CHECK(bare.keeps == Duration{0});
    const auto days = lock(data("s3/object-lock-compliance.xml"));
    CHECK(days.mode == "COMPLIANCE");
    CHECK(days.keeps == core::kDay);
    const auto years =
        lock("<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>"
             "<Mode>GOVERNANCE</Mode><Years>7</Years></DefaultRetention></Rule></ObjectLockConfiguration>");
    CHECK(years.keeps == 7 * 365 * core::kDay);
    const auto none = default_retention_of(answered(kObjectLock, 404, data("s3/object-lock-none.xml")));
    REQUIRE(none);
    CHECK_FALSE(none->enabled);
    CHECK_FALSE(default_retention_of(
        answered(kObjectLock, 200,
                 "<ObjectLockConfiguration><Rule><DefaultRetention><Mode>X</Mode></DefaultRetention>"
                 "</Rule></ObjectLockConfiguration>")));
}

TEST_CASE("default encryption has an algorithm, or is said not to be configured") {
    CHECK(encryption_of(answered(kEncryption, 200,
                                 "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>"
                                 "<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID>"
                                 "</ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule>"
                                 "</ServerSideEncryptionConfiguration>")) == "aws:kms");
    CHECK(encryption_of(answered(kEncryption, 404,
                                 "<Error><Code>ServerSideEncryptionConfigurationNotFoundError</Code></Error>")) ==
          "none");
    CHECK_FALSE(encryption_of(answered(kEncryption, 200, "<ServerSideEncryptionConfiguration/>")));
}

TEST_CASE("a bucket without a lifecycle deletes nothing") {
    const auto none = expiries_of(answered(kLifecycle, 404, data("s3/lifecycle-none.xml")), kEnv, true);
    REQUIRE(none);
    CHECK_FALSE(none->certain);
    CHECK_FALSE(none->conditional);
}

TEST_CASE("a lifecycle's rule counts when it is enabled and touches the keys, from above or below") {
    const SeriesKeys below{.prefix = "d/e/", .all_below = true};
    const auto real = expiries_of(answered(kLifecycle, 200, data("s3/lifecycle.xml")), below, true);
    REQUIRE(real);
    CHECK(real->certain->after == 3 * core::kDay);
    CHECK(real->certain->rule == "short");
    CHECK_FALSE(expiries(rule(days(3), "Disabled")).certain);
    CHECK_FALSE(expiries(rule("<Filter><Prefix>logs/</Prefix></Filter>" + days(3))).certain);
    CHECK(expiries(rule("<Filter><Prefix></Prefix></Filter>" + days(3))).certain->after == 3 * core::kDay);
    CHECK(expiries(rule("<Filter><Prefix>env/prod/</Prefix></Filter>" + days(3))).certain);
    CHECK(expiries(rule("<Prefix>env/</Prefix>" + days(3))).certain);
    CHECK(expiries(rule(days(30)) + rule(days(7)) + rule(days(90))).certain->after == 7 * core::kDay);
}

TEST_CASE("a rule for a part of what a pattern may fit counts where a key that is there is in it") {
    const auto counts = [](const std::string& prefix, const SeriesKeys& keys) {
        const std::string scope = "<Filter><Prefix>" + prefix + "</Prefix></Filter>";
        const Expiries unclear = expiries(rule(scope + "<Expiration/>"), keys);
        const Expiries found = expiries(rule(scope + days(3)), keys);
        CHECK(unclear.unclear.has_value() == found.certain.has_value());
        return found.certain.has_value();
    };
    // {subject}/dump-*.gz, of crm.
    const SeriesKeys crm{.there = {"crm/dump-1.gz", "crm/dump-3.gz"}};
    for (const char* prefix : {"", "c", "crm/", "crm/dump-", "crm/dump-3", "crm/dump-1.gz"})
        CHECK(counts(prefix, crm));
    for (const char* prefix : {"logs/", "dev/", "a", "crm/dump-2", "crm/dump-30", "crm/x", "d"})
        CHECK_FALSE(counts(prefix, crm));
    // One key.
    const SeriesKeys state{.prefix = "state", .there = {"state", "state"}};
    CHECK(counts("sta", state));
    CHECK(counts("state", state));
    CHECK_FALSE(counts("state-old/", state));
    // Where nothing is there, only what holds for whatever may come.
    const SeriesKeys nothing{.prefix = "dumps/db-"};
    CHECK(counts("dumps/", nothing));
    CHECK_FALSE(counts("dumps/db-old", nothing));
    const Expiries tagged = expiries(
        rule("<Filter><And><Prefix>dev/</Prefix><Tag><Key>a</Key><Value>b</Value></Tag></And></Filter>" + days(3)),
        crm);
    CHECK_FALSE(tagged.conditional);
}

TEST_CASE("older versions are deleted by a rule of their own, which counts where they are the recovery points") {
    const std::string noncurrent =
        rule("<NoncurrentVersionExpiration><NoncurrentDays>5</NoncurrentDays>"
             "<NewerNoncurrentVersions>3</NewerNoncurrentVersions></NoncurrentVersionExpiration>");
    CHECK(expiries(noncurrent).certain->after == 5 * core::kDay);
    CHECK_FALSE(expiries(noncurrent, kEnv, false).certain);
    const std::string clean =
        rule("<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"
             "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation>"
             "</AbortIncompleteMultipartUpload><Transition><Days>1</Days></Transition>");
    CHECK_FALSE(expiries(clean).certain);
}

TEST_CASE("a rule that keeps a number of older versions, and no time, deletes the next one at once") {
    const std::string newest = rule("<NoncurrentVersionExpiration><NewerNoncurrentVersions>3</NewerNoncurrentVersions>"
                                    "</NoncurrentVersionExpiration>");
    REQUIRE(expiries(newest).certain);
    CHECK(expiries(newest).certain->after == Duration{0});
    CHECK_FALSE(expiries(newest).unclear);
    CHECK_FALSE(expiries(newest, kEnv, false).certain);
}

TEST_CASE("a rule that deletes by something that is not known is not one that deletes nothing") {
    for (const char* action :
         {"<Expiration/>", "<Expiration><ExpiredObjectAllVersions>true</ExpiredObjectAllVersions></Expiration>",
          "<NoncurrentVersionExpiration><Hours>1</Hours></NoncurrentVersionExpiration>",
          "<AllVersionsExpiration><Days>1</Days></AllVersionsExpiration>"}) {
        CAPTURE(action);
        CHECK_FALSE(expiries(rule(action)).certain);
        CHECK(expiries(rule(action)).unclear);
        CHECK_FALSE(expiries(rule("<Filter><Prefix>logs/</Prefix></Filter>" + std::string{action})).unclear);
    }
    CHECK(expiries(rule("<Expiration/>") + rule(days(3))).certain);
    CHECK_FALSE(expiries(rule("<NoncurrentVersionExpiration/>"), kEnv, false).unclear);
    CHECK_FALSE(expiries(rule(days(3))).unclear);
}

TEST_CASE("a rule that deletes at a date deletes what was made the day before as well") {
    CHECK(expiries(rule("<Expiration><Date>2027-01-01T00:00:00Z</Date></Expiration>")).certain->after == Duration{0});
}

TEST_CASE("a rule for objects with tags or sizes may be about these or not: nobody knows") {
    for (const char* filter :
         {"<Filter><Tag><Key>tmp</Key><Value>1</Value></Tag></Filter>",
          "<Filter><ObjectSizeGreaterThan>1</ObjectSizeGreaterThan></Filter>",
          "<Filter><And><Prefix>env/</Prefix><Tag><Key>a</Key><Value>b</Value></Tag></And></Filter>"}) {
        CAPTURE(filter);
        const Expiries found = expiries(rule(filter + days(3)));
        CHECK_FALSE(found.certain);
        REQUIRE(found.conditional);
        CHECK(found.conditional->after == 3 * core::kDay);
    }
    const std::string elsewhere =
        "<Filter><And><Prefix>tmp/</Prefix><Tag><Key>a</Key><Value>b</Value></Tag></And></Filter>";
    CHECK_FALSE(expiries(rule(elsewhere + days(3))).conditional);
}

TEST_CASE("an ACL or a policy opens a bucket to everybody") {
    const Setting quiet_policy = answered(kPolicyStatus, 200, data("s3/policy-status-none.xml"));
    const Setting open_policy = answered(kPolicyStatus, 200, data("s3/policy-status-public.xml"));
    const Setting quiet_acl = answered(kAcl, 200, data("s3/acl-private.xml"));
    const Setting open_acl = answered(kAcl, 200, data("s3/acl-public.xml"));
    const Setting no_policy = answered(kPolicyStatus, 404, "<Error><Code>NoSuchBucketPolicy</Code></Error>");
    const Setting unknown = answered(kAcl, 501, "");
    CHECK(public_access_of(quiet_policy, quiet_acl) == "none");
    CHECK(public_access_of(no_policy, quiet_acl) == "none");
    CHECK(public_access_of(open_policy, quiet_acl) == "policy");
    CHECK(public_access_of(quiet_policy, open_acl) == "ACL");
    CHECK(public_access_of(open_policy, open_acl) == "policy and ACL");
    // What is known to be open is open, whatever the other says; what is not known is not closed.
    CHECK(public_access_of(unknown, open_acl) == "ACL");
    CHECK_FALSE(public_access_of(unknown, quiet_acl));
    CHECK_FALSE(public_access_of(quiet_policy, unknown));
    CHECK_FALSE(public_access_of(quiet_policy, answered(kAcl, 200, "<AccessControlPolicy/>")));
}

TEST_CASE("only a block that ignores ACLs and restricts policies settles that nobody else gets in") {
    CHECK(blocked(answered(kPublicAccessBlock, 200, data("s3/public-access-block.xml"))) == true);
    CHECK(blocked(answered(kPublicAccessBlock, 200, data("s3/public-access-block-off.xml"))) == false);
    CHECK(blocked(answered(kPublicAccessBlock, 404,
                           "<Error><Code>NoSuchPublicAccessBlockConfiguration</Code></Error>")) == false);
    CHECK(blocked(answered(kPublicAccessBlock, 200,
                           "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><BlockPublicPolicy>"
                           "true</BlockPublicPolicy></PublicAccessBlockConfiguration>")) == false);
    CHECK_FALSE(blocked(answered(kPublicAccessBlock, 501, "")));
}

TEST_CASE("replication with an empty role and no rule, as Ceph says it of every bucket, replicates nothing") {
    const auto none = destinations_of(answered(kReplication, 200, data("s3/replication-empty.xml")), "env/");
    REQUIRE(none);
    CHECK(none->empty());
    const auto found = destinations_of(
        answered(kReplication, 200,
                 "<ReplicationConfiguration><Role>r</Role>" +
                     rule("<Priority>1</Priority><Filter><Prefix>env/</Prefix></Filter><Destination><Bucket>"
                          "arn:aws:s3:::dr-states</Bucket></Destination>") +
                     rule("<Filter/><Destination><Bucket>arn:aws:s3:::off</Bucket></Destination>", "Disabled") +
                     rule("<Filter><Prefix>logs/</Prefix></Filter><Destination><Bucket>arn:aws:s3:::logs</Bucket>"
                          "</Destination>") +
                     rule("<Filter><Tag><Key>dr</Key><Value>2</Value></Tag></Filter><Destination><Bucket>"
                          "arn:aws:s3:::dr-states</Bucket></Destination>") +
                     rule("<Filter><And><Prefix>env/</Prefix><Tag><Key>dr</Key><Value>2</Value></Tag></And></Filter>"
                          "<Destination><Bucket>arn:aws:s3:::tagged</Bucket></Destination>") +
                     "</ReplicationConfiguration>"),
        "env/prod/terraform.tfstate");
    REQUIRE(found);
    CHECK(*found == std::vector<Destination>{{"dr-states", false}, {"tagged", true}});
}
