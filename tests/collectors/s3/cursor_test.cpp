// SPDX-License-Identifier: Apache-2.0
// What one look at a bucket leaves for the next.
#include "collectors/s3/cursor.hpp"

#include "tests/collectors/s3/bucket.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd;
using collectors::s3_parts::Cursor;
using collectors::s3_parts::read_cursor;
using collectors::s3_parts::write_cursor;

namespace {

const core::config::Table kDumps{test::text("key", "{subject}/dump-*.gz"), test::entry("head", false)};

} // namespace

TEST_CASE("what is no cursor of a bucket is an empty one, and one that is is read as it was written") {
    for (const char* odd : {"", "x", "{", "[]", "5", "null", "{}", R"({"any_series":1})", R"({"any":true})"}) {
        CAPTURE(odd);
        CHECK(read_cursor(odd) == Cursor{});
    }
    CHECK(read_cursor(write_cursor({})) == Cursor{});
    const Cursor cursor{.any_series = true};
    CHECK(read_cursor(write_cursor(cursor)) == cursor);
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
