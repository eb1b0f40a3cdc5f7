// SPDX-License-Identifier: Apache-2.0
// Rules of lifecycle and replication that are about a part of the bucket, beside what is looked at in it.
#include "tests/collectors/s3/bucket.hpp"

#include "io/percent.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd;
using core::FollowerState;

namespace {

constexpr const char* kToday = "2026-11-22T02:00:00Z";
constexpr const char* kYesterday = "2026-11-21T02:00:00Z";

std::string rule(const std::string& prefix, const std::string& content) {
    return "<Rule><ID>" + prefix + "</ID><Status>Enabled</Status><Filter><Prefix>" + prefix + "</Prefix></Filter>" +
           content + "</Rule>";
}

std::string to(const std::string& prefix, const std::string& bucket) {
    return rule(prefix, "<Destination><Bucket>arn:aws:s3:::" + bucket + "</Bucket></Destination>");
}

std::string after(const std::string& prefix, int days) {
    return rule(prefix, fmt::format("<Expiration><Days>{}</Days></Expiration>", days));
}

/// A bucket in which the newest object of everything has arrived, wherever a rule sends it.
struct Dumps : test::Bucket {
    void holds(const std::vector<std::pair<std::string, std::string>>& entries) {
        std::string listed;
        for (const auto& [key, at] : entries) {
            listed += test::object(io::percent_encoded(key), at, 9);
            on("HEAD " + key, 200, "",
               {{"last-modified", "Sun, 22 Nov 2026 02:00:00 GMT"},
                {"etag", "\"e\""},
                {"x-amz-replication-status", "COMPLETED"}});
        }
        on("GET ?list-type", 200, test::objects(listed));
    }
    void replicates(const std::string& rules) {
        on("GET ?replication", 200, "<ReplicationConfiguration>" + rules + "</ReplicationConfiguration>");
    }
    void expires(const std::string& rules) {
        on("GET ?lifecycle", 200, "<LifecycleConfiguration>" + rules + "</LifecycleConfiguration>");
    }
};

FollowerState follower(const collectors::Collected& seen, std::string_view subject) {
    REQUIRE(seen);
    const auto& followers = test::evidence<core::Replication>(test::subject(seen, subject)).followers;
    REQUIRE(followers.size() == 1);
    return followers[0].state;
}

std::string lifecycle(const collectors::Collected& seen, std::string_view subject) {
    REQUIRE(seen);
    for (const auto& one : test::evidence<core::Assertions>(test::subject(seen, subject)).assertions)
        if (one.name == "lifecycle")
            return one.actual.value_or("unknown: " + one.detail);
    return "not judged";
}

} // namespace

TEST_CASE("replication is judged by the rules for the object that was asked, not for what its pattern begins with") {
    Dumps s3;
    s3.holds({{"crm/dump-1.gz", kToday}, {"dev/dump-1.gz", kToday}, {"prod/dump-1.gz", kToday}});
    s3.replicates(to("prod/", "dr") + to("crm/", "dr") + to("dev/", "near"));
    const core::config::Table dumps{test::text("key", "{subject}/dump-*.gz"),
                                    test::entry("replicas", test::list({"dr"}))};
    const auto seen = s3.look(dumps);
    CHECK(follower(seen, "prod") == FollowerState::streaming);
    CHECK(follower(seen, "crm") == FollowerState::streaming);
    CHECK(follower(seen, "dev") == FollowerState::missing);
}

TEST_CASE("a prefix whose parts are replicated by rules of their own is replicated") {
    Dumps s3;
    const core::config::Table backups{test::text("prefix", "backups/"), test::entry("replicas", test::list({"dr"}))};
    s3.replicates(to("backups/daily/", "dr") + to("backups/weekly/", "dr"));
    s3.holds({{"backups/daily/2.gz", kToday}, {"backups/weekly/1.gz", kYesterday}});
    CHECK(follower(s3.look(backups), "") == FollowerState::streaming);
    s3.holds({{"backups/daily/2.gz", kYesterday}, {"backups/hourly/1.gz", kToday}});
    CHECK(follower(s3.look(backups), "") == FollowerState::missing);
}

TEST_CASE("a rule that deletes what lies beside the backups of a subject breaks no promise about them") {
    Dumps s3;
    s3.holds({{"crm/dump-1.gz", kToday}, {"dev/dump-1.gz", kToday}, {"logs/today.log", kToday}});
    s3.expires(after("logs/", 7) + after("dev/", 14) + after("crm/dump-2", 1));
    const core::config::Table dumps{test::text("key", "{subject}/dump-*.gz"), test::text("retention", "30d"),
                                    test::entry("head", false)};
    CHECK(lifecycle(s3.look(dumps), "crm") == "deletes nothing before 30d");
    CHECK(lifecycle(s3.look(dumps), "dev") == "rule 'dev/' deletes after 14d");
    s3.expires(after("", 29));
    CHECK(lifecycle(s3.look(dumps), "crm") == "rule '' deletes after 29d");
}

TEST_CASE("below a prefix a rule for a part of it counts before anything is there") {
    Dumps s3;
    s3.holds({{"backups/daily/2.gz", kToday}});
    s3.expires(after("backups/weekly/", 7));
    core::config::Table all{test::text("prefix", "backups/"), test::text("retention", "30d"),
                            test::entry("head", false)};
    CHECK(lifecycle(s3.look(all), "") == "rule 'backups/weekly/' deletes after 7d");
    all[0] = test::text("key", "backups/*.gz");
    CHECK(lifecycle(s3.look(all), "") == "deletes nothing before 30d");
    s3.holds({{"backups/daily/2.gz", kToday}, {"backups/weekly/1.gz", kYesterday}});
    CHECK(lifecycle(s3.look(all), "") == "rule 'backups/weekly/' deletes after 7d");
}
