// SPDX-License-Identifier: Apache-2.0
#include "core/config/values.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd::core;
using namespace recoverd::core::config;

TEST_CASE("durations are read as Prometheus writes them") {
    CHECK(parse_duration("90s") == 90s);
    CHECK(parse_duration("1h30m") == 90min);
    CHECK(parse_duration("7d") == 7 * kDay);
    CHECK(parse_duration("500ms") == 500ms);
    CHECK(parse_duration("2w") == 14 * kDay);
    CHECK(parse_duration("1y1ms") == 365 * kDay + 1ms);
    CHECK(parse_duration("0") == 0ms);
}

TEST_CASE("a duration without a unit, out of order, negative, repeated or too long is refused") {
    for (const auto* text : {"", "5", "s", "-5m", "+5m", " 5m", "5m ", "5 m", "1m1h", "1h1h", "1.5h", "1M", "1h30",
                             "5µs", "99999999999999999999s", "9223372036854775807d", "292271023y292271023y"}) {
        INFO(text);
        CHECK_FALSE(parse_duration(text).has_value());
    }
    CHECK(parse_duration("soon").error() == "expected a duration such as '90s', '1h30m' or '7d', found 'soon'");
}

TEST_CASE("durations are written with days as the largest unit and read back the same") {
    CHECK(format_duration(90min) == "1h30m");
    CHECK(format_duration(0ms) == "0s");
    CHECK(format_duration(7 * kDay) == "7d");
    CHECK(format_duration(400 * kDay + 1ms) == "400d1ms");
    CHECK(format_duration(-90s) == "-1m30s");
    CHECK(format_duration(Duration::min()).front() == '-');
    for (const auto d : {Duration{1}, Duration{59'999}, Duration{86'400'000}, Duration{123'456'789'012}})
        CHECK(parse_duration(format_duration(d)) == d);
}

TEST_CASE("sizes take decimal and binary units and refuse what is no size") {
    CHECK(parse_size("0") == 0U);
    CHECK(parse_size("512B") == 512U);
    CHECK(parse_size("1.5MB") == 1'500'000U);
    CHECK(parse_size("10GiB") == 10ULL << 30U);
    CHECK(parse_size("10 GiB") == 10ULL << 30U);
    CHECK(parse_size("18446744073709551615") == UINT64_MAX);
    for (const auto* text : {"", "GiB", "-1", "1.5", "1.5B", "1.2.3MB", "1.MB", ".MB", "10G", "10gib", "1e3", "16EiB",
                             "18446744073709551616", "17.5EiB", "0x10", "nan", "1 000"}) {
        INFO(text);
        CHECK_FALSE(parse_size(text).has_value());
    }
}

TEST_CASE("sizes are written with one decimal, and never as 1024 of a unit") {
    CHECK(format_size(0) == "0B");
    CHECK(format_size(1023) == "1023B");
    CHECK(format_size(1536ULL << 20U) == "1.5GiB");
    CHECK(format_size((1ULL << 20U) - 1) == "1MiB");
    CHECK(format_size(UINT64_MAX) == "16EiB");
}

TEST_CASE("times before 1970 and after 2038 go both ways") {
    CHECK(format_time(Time{}) == "1970-01-01T00:00:00Z");
    CHECK(format_time(Time{-1ms}) == "1969-12-31T23:59:59.999Z");
    CHECK(format_time(from_unix_seconds(4'102'444'800)) == "2100-01-01T00:00:00Z");
    CHECK(format_time(kNever) == "9999-12-31T23:59:59Z");
    CHECK(format_time(Time::max()) == "9999-12-31T23:59:59.999Z");
    CHECK(format_time(Time::min()) == "0000-01-01T00:00:00Z");
    for (const auto* text :
         {"0001-01-01T00:00:00Z", "1901-12-13T20:45:51.007Z", "2038-01-19T03:14:08Z", "2400-02-29T12:00:00Z"})
        CHECK(format_time(parse_time(text).value()) == text);
}

TEST_CASE("RFC 3339 is read with any offset, a space, small letters and any number of digits") {
    const Time three = parse_time("2026-11-22T03:00:00Z").value();
    CHECK(parse_time("2026-11-22 03:00:00Z") == three);
    CHECK(parse_time("2026-11-22t03:00:00z") == three);
    CHECK(parse_time("2026-11-22T05:30:00+02:30") == three);
    CHECK(parse_time("2026-11-21T22:00:00-05:00") == three);
    CHECK(parse_time("2026-11-22T03:00:00.1239999999999999999999Z") == three + 123ms);
    CHECK(parse_time("2026-11-22T02:59:60Z") == three);
}

TEST_CASE("what only looks like a time is refused") {
    for (const auto* text :
         {"", "2026-11-22", "2026-11-22T03:00:00", "2026-11-22T03:00Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
          "2026-11-22T24:00:00Z", "2026-11-22T03:60:00Z", "2026-11-22T03:00:61Z", "2026-11-22T03:00:00.Z",
          "2026-11-22T03:00:00+2:00", "2026-11-22T03:00:00+24:00", "2026-11-22T03:00:00ZZ", "20261122T030000Z",
          "2026-11-22T03:00:00Z ", "-026-11-22T03:00:00Z"}) {
        INFO(text);
        CHECK_FALSE(parse_time(text).has_value());
    }
}

TEST_CASE("a port is digits alone, and fits in 16 bits") {
    CHECK(parse_port("0") == 0);
    CHECK(parse_port("65535") == 65'535);
    for (const auto* text : {"", "65536", "99999", "-1", "+1", " 1", "1 ", "x", "0x1", "18446744073709551617"}) {
        INFO(text);
        CHECK_FALSE(parse_port(text).has_value());
    }
}

TEST_CASE("a URL whose port no connection can be made to is told from one with a good port, or none") {
    for (const auto* url :
         {"http://h", "http://h/a:99999", "http://h:80/", "http://h:65535", "http://[::1]/",
          "http://[2001:db8::99999]:80/", "http://ada:99999@h/", "http://h?a=b:99999", "http://h:/"}) {
        INFO(url);
        CHECK_FALSE(has_bad_port(url));
    }
    for (const auto* url :
         {"http://h:99999/", "http://h:65536", "https://[::1]:99999?a", "http://a:b@h:x/", "http://h:0/"}) {
        INFO(url);
        CHECK(has_bad_port(url));
    }
}
