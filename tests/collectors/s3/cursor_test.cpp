// SPDX-License-Identifier: Apache-2.0
// What one look at a bucket leaves for the next.
#include "collectors/s3/cursor.hpp"

#include "tests/collectors/s3/bucket.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd;
using namespace std::chrono_literals;
using collectors::s3_parts::Cursor;
using collectors::s3_parts::Pending;
using collectors::s3_parts::read_cursor;
using collectors::s3_parts::write_cursor;

namespace {

const core::config::Table kDumps{test::text("key", "{subject}/dump-*.gz"), test::entry("head", false)};

} // namespace

TEST_CASE("what is no cursor of a bucket is an empty one, and one that is is read as it was written") {
    for (const char* odd :
         {"", "x", "{", "[]", "5", "null", "{}", R"({"any_series":1,"pending":{}})", R"({"any_series":true})",
          R"({"any_series":true,"pending":[]})", R"({"any_series":true,"pending":{"a":{"key":"a","version":"1"}}})",
          R"({"any_series":true,"pending":{"a":{"key":"a","version":"1","since":99999999999999999999}}})"}) {
        CAPTURE(odd);
        CHECK(read_cursor(odd) == Cursor{});
    }
    CHECK(read_cursor(write_cursor({})) == Cursor{});
    Cursor cursor{.any_series = true};
    cursor.keep("", {"state", "v1", test::kStart});
    // Keys hold any bytes.
    cursor.keep("\xff\"\n", {"\xff\"\n/a b+c%20", "3/L4kqtJl", test::kStart + 5ms});
    CHECK(cursor.pending.size() == 2);
    CHECK(read_cursor(write_cursor(cursor)) == cursor);
    CHECK(cursor.find("") == Pending{"state", "v1", test::kStart});
    CHECK_FALSE(cursor.find("other"));
}

TEST_CASE("of a bucket no more is remembered than is asked, and no key that no service takes") {
    Cursor cursor;
    cursor.keep("a", {std::string(1'025, 'k'), "", test::kStart});
    cursor.keep("a", {"k", std::string(1'025, 'v'), test::kStart});
    cursor.keep(std::string(1'025, 'a'), {"k", "", test::kStart});
    CHECK(cursor.pending.empty());
    std::string text = R"({"any_series":true,"pending":{)";
    for (int i = 0; i < 300; ++i)
        text += fmt::format(R"({}"{}":{{"key":"k","version":"","since":"2026-11-22T03:00:00Z"}})", i ? "," : "", i);
    CHECK(read_cursor(text + "}}").pending.size() == 200);
}

TEST_CASE("when all that a pattern fitted is gone at once, each is missing from a whole answer, look after look") {
    test::Bucket s3;
    s3.on("GET ?list-type", 200,
          test::objects(test::object("crm%2Fdump-1.gz", "2026-11-22T00:00:00Z", 9) +
                        test::object("orders%2Fdump-1.gz", "2026-11-22T00:00:00Z", 9)));
    const auto seen = s3.look(kDumps);
    REQUIRE(seen);
    CHECK(seen->subjects.size() == 2);
    s3.cursor = seen->cursor;
    // It was moved to another place, where the pattern does not look.
    s3.on("GET ?list-type", 200, test::objects(test::object("crm%2Fdaily%2F1.gz", "2026-11-22T00:00:00Z", 9)));
    for (int look = 0; look < 3; ++look) {
        const auto gone = s3.look(kDumps);
        REQUIRE(gone);
        CHECK(gone->subjects.empty());
        CHECK(gone->complete);
        s3.cursor = gone->cursor;
    }
    // What could not be listed is not gone.
    s3.on("GET ?list-type", 403, "");
    CHECK_FALSE(s3.look(kDumps));
}

TEST_CASE("a check that only now names its subjects has lost none of them yet") {
    test::Bucket s3;
    s3.on("GET ?list-type", 200, test::objects(test::object("a.gz", "2026-11-22T00:00:00Z", 9)));
    const auto whole = s3.look({test::entry("head", false)});
    REQUIRE(whole);
    CHECK(whole->subjects.size() == 1);
    s3.cursor = whole->cursor;
    CHECK_FALSE(s3.look(kDumps));
}
