// SPDX-License-Identifier: Apache-2.0
// Listings of a real Ceph gateway (16.2, tests/data/s3/) and of services that do worse.
#include "collectors/s3/listing.hpp"

#include "collectors/s3/pattern.hpp"
#include "collectors/s3/series.hpp"
#include "io/json.hpp"
#include "tests/collectors/s3/bucket.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd;
using namespace recoverd::collectors::s3_parts;
using test::data;

namespace {

const Query kFirst = listing_query("env/", true);

std::string subject(const KeyPattern& pattern, std::string_view key) {
    const auto found = pattern.subject_of(key);
    return found ? std::string{*found} : "does not fit";
}

} // namespace

TEST_CASE("a service that answers 200 with the objects when asked for versions has not answered") {
    CHECK_THROWS_AS(read_page(data("s3/objects-first-page.xml"), true, kFirst), io::BadDocument);
    CHECK_THROWS_AS(read_page(data("s3/access-denied.xml"), true, kFirst), io::BadDocument);
    CHECK_THROWS_AS(read_page("<html><body>Welcome</body></html>", false, kFirst), io::BadDocument);
    CHECK_THROWS_AS(read_page("", true, kFirst), io::BadDocument);
}

TEST_CASE("a listing without its end, or with half an entry, is not an answer") {
    const auto bad = [](const std::string& xml) { CHECK_THROWS_AS(read_page(xml, true, kFirst), io::BadDocument); };
    bad(test::versions("", ""));
    bad(test::versions("<Version><Key>a</Key></Version>"));
    bad(test::versions(test::version("a", "1", "yesterday", 1, true)));
    bad(test::versions("<Version><Key>a</Key><VersionId>1</VersionId><IsLatest>true</IsLatest><LastModified>"
                       "2026-11-22T03:00:00Z</LastModified><Size>-1</Size></Version>"));
    const std::string whole = data("s3/versions.xml");
    bad(whole.substr(0, whole.size() / 2));
}

TEST_CASE("a page that says there are more and not where, or again where it began, would never end") {
    const std::string more = "<IsTruncated>true</IsTruncated>";
    CHECK_THROWS_AS(read_page(test::versions("", more), true, kFirst), io::BadDocument);
    CHECK_THROWS_AS(read_page(test::objects("", more), false, kFirst), io::BadDocument);
    const std::string again = more + "<NextKeyMarker>env/a</NextKeyMarker><NextVersionIdMarker>v</NextVersionIdMarker>";
    Query asked = kFirst;
    CHECK(read_page(test::versions("", again), true, asked).next.size() == 2);
    asked.emplace_back("key-marker", "env/a");
    asked.emplace_back("version-id-marker", "v");
    CHECK_THROWS_AS(read_page(test::versions("", again), true, asked), io::BadDocument);
}

TEST_CASE("versions and delete markers are read with their keys decoded") {
    const Page page = read_page(data("s3/versions.xml"), true, kFirst);
    REQUIRE(page.entries.size() == 5);
    CHECK(page.next.empty());
    CHECK(page.entries[0].delete_marker);
    CHECK(page.entries[0].latest);
    CHECK(page.entries[0].key == "env/a b+c/terraform.tfstate");
    CHECK_FALSE(page.entries[1].latest);
    CHECK(page.entries[2].key == "env/prod/terraform.tfstate");
    CHECK(page.entries[2].size == 12);
    CHECK(page.entries[2].version_id == "bB2.4fUGHVvJCno1tuM7v9CeYn4Xokc");
}

TEST_CASE("the place of the next page is decoded as the keys are, but not from Ceph, which leaves it plain") {
    const Page page = read_page(data("s3/versions-first-page.xml"), true, kFirst);
    CHECK(page.next == Query{{"key-marker", "env/a b+c/terraform.tfstate"},
                             {"version-id-marker", "Rp.bT5LB0bsQRtj8Ja5IRh-bylbN-jE"}});
    const std::string more = "<IsTruncated>true</IsTruncated><NextKeyMarker>a%20b%2Bc</NextKeyMarker>"
                             "<NextVersionIdMarker>null</NextVersionIdMarker>";
    const std::string entry = test::version("a%20b%2Bc", "null", "2026-11-22T03:00:00Z", 1, true);
    CHECK(read_page(test::versions(entry, more), true, kFirst).next[0].second == "a b+c");
    CHECK(read_page(data("s3/objects-first-page.xml"), false, kFirst).next == Query{{"continuation-token", "a b+c"}});
}

TEST_CASE("keys that were not encoded are not decoded") {
    const std::string xml = "<ListBucketResult><IsTruncated>false</IsTruncated>" +
                            test::object("a%20b+c", "2026-11-22T03:00:00Z", 1) + "</ListBucketResult>";
    CHECK(read_page(xml, false, kFirst).entries.at(0).key == "a%20b+c");
}

TEST_CASE("a pattern says which keys, and which series of them") {
    const KeyPattern one("env/prod/terraform.tfstate", "");
    CHECK(one.names_objects());
    CHECK(one.prefix() == "env/prod/terraform.tfstate");
    CHECK(subject(one, "env/prod/terraform.tfstate").empty());
    CHECK(subject(one, "env/prod/terraform.tfstate.backup") == "does not fit");
    const KeyPattern states("{subject}/terraform.tfstate", "");
    CHECK(states.names_objects());
    CHECK(subject(states, "env/prod/terraform.tfstate") == "env/prod");
    CHECK(subject(states, "/terraform.tfstate") == "does not fit");
    const KeyPattern dumps("dumps/{subject}-*.dump", "");
    CHECK_FALSE(dumps.names_objects());
    CHECK(dumps.prefix() == "dumps/");
    CHECK(subject(dumps, "dumps/orders-db-2026-11-22.dump") == "orders-db");
    CHECK(subject(dumps, "dumps/orders-latest.dump") == "orders");
    CHECK(subject(dumps, "dumps/x.dump") == "does not fit");
    const KeyPattern all("", "a*b/");
    CHECK(subject(all, "a*b/anything").empty());
    CHECK(subject(all, "axb/anything") == "does not fit");
    const KeyPattern year("log-202?/*.gz", "");
    CHECK(subject(year, "log-2026/a/b.gz").empty());
    CHECK(subject(year, "log-2016/a.gz") == "does not fit");
}

TEST_CASE("a pattern takes no longer for keys that were made to slow it down") {
    const KeyPattern pattern("{subject}*a*a*a*a*a*b", "");
    CHECK(subject(pattern, std::string(1'000, 'a')) == "does not fit");
}

TEST_CASE("of any number of objects the newest 200 are kept, all are counted and the oldest is known") {
    Gathering gathering(KeyPattern("", "d/"), 2);
    const core::Time begin = test::kStart;
    for (int page = 0; page < 10; ++page) {
        Page made;
        for (int i = 0; i < 1'000; ++i) {
            // As keys are listed, not as they were made.
            const int number = (i * 10 + page) * 7 % 10'000;
            made.entries.push_back({.key = fmt::format("d/{}", number),
                                    .last_modified = begin + std::chrono::minutes{number},
                                    .size = number < 3 ? 1U : 10U});
        }
        made.entries.push_back({.key = "d/", .last_modified = begin, .size = 0});
        made.entries.push_back({.key = "other", .last_modified = begin, .size = 10});
        gathering.add(std::move(made));
    }
    const Series& series = gathering.series().at("");
    CHECK(series.count == 10'000);
    CHECK(series.oldest_at == begin + std::chrono::minutes{3});
    CHECK(series.newest.size() <= 2 * core::kMaxPoints);
    const auto newest = trimmed(series.newest);
    REQUIRE(newest.size() == core::kMaxPoints);
    CHECK(newest.front().key == "d/9800");
    CHECK(newest.back().key == "d/9999");
}
