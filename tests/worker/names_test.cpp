// SPDX-License-Identifier: Apache-2.0
#include "core/config/values.hpp"
#include "worker/files/pattern.hpp"
#include "worker/files/remembered.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd;
using namespace recoverd::worker::files;
using core::config::format_time;
using core::config::parse_time;
using recoverd::worker::printable;

namespace {

std::string subject(const std::string& pattern, const std::string& name) {
    const auto parsed = parse_pattern("/b/" + pattern);
    REQUIRE(parsed);
    return std::string{parsed->segments.back().subject_of(name, find_time(name))};
}

std::string told(std::string_view name, std::string_view mtime = "2026-11-30T00:00:00Z") {
    return format_time(data_time(find_time(name), *parse_time(mtime), NameTime::utc));
}

} // namespace

TEST_CASE("a series' name ends where the time in the file's name begins, whatever dashes it has") {
    CHECK(subject("{subject}-*.dump", "orders-2026-11-22.dump") == "orders");
    CHECK(subject("{subject}-*.dump", "orders-db-2026-11-22.dump") == "orders-db");
    CHECK(subject("{subject}-*.dump", "web-01-20261122T030000Z.dump") == "web-01");
    CHECK(subject("{subject}_*.sql.gz", "shop_eu_2026_11_22_03_00.sql.gz") == "shop_eu");
}

TEST_CASE("without a time in the name a series ends where digits begin, so that every dump is not its own series") {
    CHECK(subject("{subject}-*.dump", "orders-db-17.dump") == "orders-db");
    CHECK(subject("{subject}-*.dump", "orders-22-11-2026.dump") == "orders");
    CHECK(subject("{subject}-*.dump", "orders-db-full.dump") == "orders-db");
}

TEST_CASE("a name that the pattern does not fit has no series") {
    CHECK(subject("{subject}-*.dump", "orders.dump").empty());
    CHECK(subject("{subject}-*.dump", "-1.dump").empty());
    CHECK(subject("{subject}.dump", ".dump").empty());
    CHECK(subject("{subject}.dump", ".hidden.dump").empty());
    CHECK(subject("db-{subject}.dump", "orders.dump").empty());
    CHECK(subject("*-{subject}.dump", "host1-orders.dump") == "orders");
}

TEST_CASE("a pattern that cannot be meant is a mistake with its reason") {
    CHECK(parse_pattern("b/*.dump").error().detail == "path: expected an absolute path, found 'b/*.dump'");
    CHECK(parse_pattern("/b/../c/*").error().kind == core::FailureKind::misconfigured);
    CHECK_FALSE(parse_pattern("/b/{subject}/{subject}.dump"));
    CHECK_FALSE(parse_pattern("/b/{subject}-{subject}.dump"));
    CHECK_FALSE(parse_pattern("/b/**"));
    CHECK_FALSE(parse_pattern("/**/a/**/b"));
    CHECK_FALSE(parse_pattern("/"));
}

TEST_CASE("a time in a name is found in the forms people write") {
    CHECK(told("orders-2026-11-22T03:04:05.dump") == "2026-11-22T03:04:05Z");
    CHECK(told("orders-2026-11-22_03-04-05.dump") == "2026-11-22T03:04:05Z");
    CHECK(told("orders-20261122T030405Z.dump") == "2026-11-22T03:04:05Z");
    CHECK(told("orders-20261122_0304.dump") == "2026-11-22T03:04:00Z");
    CHECK(told("orders-20261122030405.dump") == "2026-11-22T03:04:05Z");
    CHECK(told("20251231-orders-2026.11.22-03.04.dump") == "2026-11-22T03:04:00Z");
    // date -Iseconds, -Iminutes, +%FT%T%z and +%Y%m%dT%H%M%S%z
    CHECK(told("orders-2026-11-22T03:04:05-05:00.dump") == "2026-11-22T08:04:05Z");
    CHECK(told("orders-2026-11-22T03:04+05:45.dump") == "2026-11-21T21:19:00Z");
    CHECK(told("orders-2026-11-22T03:04:05+0000.dump") == "2026-11-22T03:04:05Z");
    CHECK(told("orders-20261122T030405+0100") == "2026-11-22T02:04:05Z");
}

TEST_CASE("a time that tells its zone means that, whatever is meant by those that tell none") {
    const auto mtime = *parse_time("2026-11-30T00:00:00Z");
    const auto named = find_time("orders-2026-11-22T03:04:05-05:00.dump");
    CHECK(format_time(data_time(named, mtime, NameTime::local)) == "2026-11-22T08:04:05Z");
    CHECK(format_time(data_time(named, mtime, NameTime::ignored)) == "2026-11-30T00:00:00Z");
    CHECK(named.value().end == std::string_view{"orders-2026-11-22T03:04:05-05:00"}.size());
    CHECK(subject("{subject}-*.dump", "orders-db-2026-11-22T03:04:05-05:00.dump") == "orders-db");
}

TEST_CASE("what is counted behind a time is no zone") {
    CHECK(told("orders-2026-11-22_03-04-05-0007.dump") == "2026-11-22T03:04:05Z");
    CHECK(told("orders-2026-11-22_03-04-05-0500.dump") == "2026-11-22T03:04:05Z");
    for (const auto* after :
         {"-0007", "-0000", "-0030", "-05", "-05:0", "-05000", "+1500", "-1300", "-05-00", "+01:07", "-", "+", "+01:"})
        CHECK(told(std::string{"orders-2026-11-22T03:04:05"} + after) == "2026-11-22T03:04:05Z");
}

TEST_CASE("digits that are no time are none") {
    for (const auto* name :
         {"orders-2026-13-01.dump", "orders-2026-02-30.dump", "orders-202611221.dump", "orders-1795316400.dump",
          "invoice-120261122.pdf", "v2026.1", "orders-20261122256199.dump", "orders.dump", "2026"})
        CHECK_FALSE(find_time(name));
}

TEST_CASE("a name that tells only the day does not make a backup look older than its last write on that day") {
    CHECK(told("orders-2026-11-22.dump", "2026-11-22T23:50:00Z") == "2026-11-22T23:50:00Z");
    // begun before midnight, ended after it
    CHECK(told("orders-2026-11-22.dump", "2026-11-23T02:00:00Z") == "2026-11-23T02:00:00Z");
    // copied a week later
    CHECK(told("orders-2026-11-22.dump", "2026-11-29T02:00:00Z") == "2026-11-22T00:00:00Z");
}

TEST_CASE("data is never newer than the last write of its file") {
    CHECK(told("orders-2026-11-22T03:00:00.dump", "2026-11-22T02:00:00Z") == "2026-11-22T02:00:00Z");
    CHECK(told("orders-2027-01-01.dump", "2026-11-22T02:00:00Z") == "2026-11-22T02:00:00Z");
}

TEST_CASE("names with odd bytes stay apart and become text") {
    CHECK(printable("b\xc3\xbcro") == "b\xc3\xbcro");
    CHECK(printable("b\xfcro") == "b\\xfcro");
    CHECK(printable("a\nb") == "a\\x0ab");
    CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");
}

TEST_CASE("a cursor of another time or program counts as none") {
    CHECK(read_remembered("") == Remembered{});
    CHECK(read_remembered("{\"looked_at\": 5}") == Remembered{});
    CHECK(read_remembered("not json") == Remembered{});
    Remembered kept;
    kept.looked_at = core::Time{core::Duration{1'795'316'400'123}};
    kept.any_series = true;
    kept.files["/b/a \\xff"] = {12, 1'795'316'400'123'456'789, std::nullopt};
    kept.files["/b/c"] = {7, 9,
                          RememberedProof{core::Depth::checksummed,
                                          "00ff",
                                          {core::Depth::exists, core::PointState::bad, "truncated", true}}};
    kept.files["/b/d"] = {7, 9, RememberedProof{core::Depth::listed, "", unfinished()}};
    kept.files["/b/e"] = {0, 9, std::nullopt, false};
    CHECK(read_remembered(write_remembered(kept)) == kept);
}
