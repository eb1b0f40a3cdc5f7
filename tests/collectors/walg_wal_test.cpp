// SPDX-License-Identifier: Apache-2.0
// What WAL-G says of the WAL: what is lost, what waits, and since when.
#include "tests/collectors/walg_documents.hpp"

#include "core/assertion.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <optional>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace recoverd::test::walg;
using namespace std::chrono_literals;
using core::Told;

namespace {

/// One look after the other, each told what the last one left.
struct Looks {
    std::string cursor = {};

    /// Since when what has not come waits, as told by a look that long after the first.
    std::optional<core::Duration> since(const std::string& rows, core::Duration later) {
        auto seen = verify(verified(rows.contains("LOST") ? "FAILURE" : "WARNING", "[" + rows + "]"));
        cursor = follow_walg_waiting(seen, cursor, test::kStart + later);
        if (!seen.archive.waiting_since)
            return std::nullopt;
        return *seen.archive.waiting_since - test::kStart;
    }
};

} // namespace

TEST_CASE("WAL-G: where all backups are permanent, what was removed before the newest is no gap") {
    const std::string newer = backup("base_00000001000000000000003A", "2026-11-22T02:10:00Z");
    const auto all = backups(list({permanent(kFull), permanent(newer)}));
    const auto gaps = [](const WalgBackups& listed, const std::string& status, const std::string& rows) {
        return interpret_walg_verify(io::Json::parse(verified(status, "[" + rows + "]")), listed).archive.gaps;
    };
    const auto lost = [](const std::string& first, const std::string& last, int count) {
        return row("0000000100000000000000" + first, "0000000100000000000000" + last, count, "MISSING_LOST");
    };
    // It finds no backup to begin at, looks from the first segment that ever was, and warns.
    CHECK(gaps(all, "WARNING", lost("01", "31", 49) + "," + kFound).empty());
    CHECK(gaps(all, "FAILURE", lost("33", "39", 7) + "," + kFound).empty());
    const auto behind = gaps(all, "FAILURE", lost("33", "39", 7) + "," + lost("3B", "3C", 2) + "," + kFound);
    REQUIRE(behind.size() == 1);
    CHECK(behind[0].first == "00000001000000000000003B");
    CHECK(gaps(all, "FAILURE", lost("33", "3A", 8) + "," + kFound).size() == 1);
    // Where WAL is promised since an older one, it is missed.
    CHECK(gaps(backups(list({kFull, permanent(newer)})), "FAILURE", lost("33", "39", 7) + "," + kFound).size() == 1);
}

TEST_CASE("WAL-G: lost segments are a gap, although it exits with 0") {
    const auto seen = verify(verified(
        "FAILURE", "[" + kFound + "," + row("000000010000000000000041", "000000010000000000000042", 2, "MISSING_LOST") +
                       "," + row("000000010000000000000043", "000000010000000000000050", 14, "FOUND") + "]"));
    REQUIRE(seen.archive.gaps.size() == 1);
    CHECK(seen.archive.gaps[0].first == "000000010000000000000041");
    CHECK(seen.archive.gaps[0].segments == 2);
    CHECK(seen.archive.last_segment == "000000010000000000000050");
    CHECK(seen.archive.from_repository);
    CHECK(core::state_of(seen.timeline) == core::AssertionState::holds);
}

TEST_CASE("WAL-G: a backup behind all gaps tells from when on nothing is missing") {
    const std::string newer = backup("base_00000001000000000000003A", "2026-11-22T02:10:00Z");
    const auto since = [&](const std::string& last) {
        const std::string rows = row("000000010000000000000033", last, 6, "MISSING_LOST") + "," + kFound;
        return interpret_walg_verify(io::Json::parse(verified("FAILURE", "[" + rows + "]")),
                                     backups(list({kFull, newer})))
            .archive;
    };
    const auto dated = since("000000010000000000000038");
    REQUIRE(dated.gaps.size() == 1);
    CHECK(dated.whole_since == backups(list({newer})).points.points.at(0).ended_at);
    CHECK_FALSE(since("00000001000000000000003A").whole_since);
}

TEST_CASE("WAL-G: segments on their way are no gap") {
    const auto seen = verify(verified(
        "WARNING", "[" + kFound + "," +
                       row("000000010000000000000041", "000000010000000000000041", 1, "MISSING_UPLOADING") + "," +
                       row("000000010000000000000042", "000000010000000000000043", 2, "MISSING_DELAYED") + "]"));
    CHECK(seen.archive.gaps.empty());
    CHECK(seen.archive.pending == Told::yes);
    CHECK(seen.archive.pending_segments == 3);
    CHECK(seen.archive.newest_at == std::nullopt);
}

TEST_CASE("WAL-G: what nothing newer followed waits, however much it is, and is no gap") {
    // 40 segments of a bulk load: WAL-G takes 16 for ones on their way, and the others for lost.
    const auto seen = verify(verified("FAILURE", "[" + kFound + "," + part("41", "58", 24, "MISSING_LOST") + "," +
                                                     part("59", "68", 16, "MISSING_UPLOADING") + "]"));
    CHECK(seen.archive.gaps.empty());
    CHECK(seen.archive.pending == Told::yes);
    CHECK(seen.archive.pending_segments == 40);
    CHECK(seen.archive.last_segment == segment("40"));
    CHECK(seen.oldest_waiting == segment("41"));
    // A server that is on another timeline since lists the rest beside it.
    const auto turned = verify(verified("FAILURE", "[" + kFound + "," + part("41", "42", 2, "MISSING_LOST") + "," +
                                                       part("43", "44", 2, "MISSING_LOST", "00000002") + "]"));
    CHECK(turned.archive.gaps.empty());
    CHECK(turned.archive.pending_segments == 4);
}

TEST_CASE("WAL-G: what a newer segment followed is lost, also while others wait") {
    const auto seen =
        verify(verified("FAILURE", "[" + kFound + "," + part("41", "42", 2, "MISSING_LOST") + "," +
                                       part("43", "50", 14, "FOUND") + "," + part("51", "51", 1, "MISSING_LOST") + "," +
                                       part("52", "61", 16, "MISSING_UPLOADING") + "]"));
    REQUIRE(seen.archive.gaps.size() == 1);
    CHECK(seen.archive.gaps[0].first == segment("41"));
    CHECK(seen.archive.pending_segments == 17);
    CHECK(seen.oldest_waiting == segment("51"));
}

TEST_CASE("WAL-G: where nothing ever arrived, what it calls lost is lost") {
    const auto seen = verify(verified("FAILURE", "[" + part("32", "58", 39, "MISSING_LOST") + "," +
                                                     part("59", "68", 16, "MISSING_UPLOADING") + "]"));
    REQUIRE(seen.archive.gaps.size() == 1);
    CHECK(seen.archive.gaps[0].segments == 39);
    CHECK(seen.archive.last_segment.empty());
}

TEST_CASE("WAL-G: a backup ends when its WAL was taken, so that what is missing behind it is lost") {
    const auto beside = [](const std::string& name) {
        return backups(list({kFull, backup("base_" + name, "2026-11-22T02:10:00Z")}));
    };
    const std::string lost = verified("FAILURE", "[" + kFound + "," + part("41", "58", 24, "MISSING_LOST") + "," +
                                                     part("59", "68", 16, "MISSING_UPLOADING") + "]");
    for (const char* within : {"41", "50", "58", "60", "68"}) {
        CAPTURE(within);
        const auto seen = verify(lost, beside(segment(within)));
        REQUIRE(seen.archive.gaps.size() == 1);
        CHECK(seen.archive.gaps[0].segments == 24);
        CHECK(seen.archive.pending_segments == 16);
    }
    // Also that of a delta; not one whose WAL is there, nor one of another timeline, which lies nowhere on this one.
    CHECK(verify(lost, beside(segment("50") + "_D_" + segment("32"))).archive.gaps.size() == 1);
    CHECK(verify(lost, beside(segment("40"))).archive.gaps.empty());
    CHECK(verify(lost, beside(segment("50", "00000002"))).archive.gaps.empty());
    CHECK(verify(lost, backups(list({permanent(backup("base_" + segment("50"), "2026-11-22T02:10:00Z"))})))
              .archive.gaps.size() == 1);
}

TEST_CASE("WAL-G: where all backups are permanent, what is gone before the newest does not wait either") {
    const std::string rows = "[" + part("01", "22", 34, "MISSING_LOST") + "," +
                             part("23", "31", 15, "MISSING_UPLOADING") + "," + part("32", "32", 1, "FOUND") + "]";
    const auto seen = verify(verified("WARNING", rows), backups(list({permanent(kFull)})));
    CHECK(seen.archive.gaps.empty());
    CHECK(seen.archive.pending == Told::not_told);
    CHECK(seen.archive.pending_segments == 0);
    CHECK(seen.oldest_waiting.empty());
}

TEST_CASE("WAL-G: a segment that has not come waits since a look knew it to be written") {
    Looks looks;
    const std::string some = kFound + "," + part("41", "42", 2, "MISSING_UPLOADING");
    const std::string more =
        kFound + "," + part("41", "48", 8, "MISSING_LOST") + "," + part("49", "58", 16, "MISSING_UPLOADING");
    CHECK_FALSE(looks.since(some, 0min));
    CHECK(looks.since(some, 5min) == 0min);
    CHECK(looks.since(more, 10min) == 0min);
    // What is written now and stored a moment later is another one at each look.
    for (int minute = 15; minute < 40; minute += 5) {
        const std::string last = segment(fmt::format("{:02X}", 0x50 + minute));
        CHECK_FALSE(looks.since(kFound + "," + row(last, last, 1, "MISSING_UPLOADING"), std::chrono::minutes{minute}));
    }
    // Nothing waits, and what waits later began to do so later.
    CHECK_FALSE(looks.since(kFound, 45min));
    CHECK(looks.cursor.empty());
    CHECK_FALSE(looks.since(some, 50min));
    CHECK(looks.since(some, 55min) == 50min);
}

TEST_CASE("WAL-G: an archive that is behind is late although it moves, and one segment that stays behind is too") {
    Looks behind;
    CHECK_FALSE(behind.since(kFound + "," + part("41", "60", 32, "MISSING_LOST"), 0min));
    CHECK(behind.since(kFound + "," + part("51", "70", 32, "MISSING_LOST"), 5min) == 0min);
    CHECK(behind.since(kFound + "," + part("60", "80", 33, "MISSING_LOST"), 10min) == 0min);
    CHECK(behind.since(kFound + "," + part("61", "90", 48, "MISSING_LOST"), 15min) == 5min);
    Looks hole;
    const std::string begin = kFound + "," + part("41", "41", 1, "MISSING_UPLOADING") + ",";
    CHECK_FALSE(hole.since(begin + part("42", "43", 2, "FOUND"), 0min));
    CHECK(hole.since(begin + part("42", "48", 7, "FOUND"), 5min) == 0min);
}

TEST_CASE("WAL-G: a clock or a server that was set back, and a cursor that is none, begin anew") {
    const std::string some = kFound + "," + part("41", "45", 5, "MISSING_UPLOADING");
    Looks looks;
    CHECK_FALSE(looks.since(some, 10min));
    CHECK_FALSE(looks.since(some, 5min));
    CHECK(looks.since(some, 10min) == 5min);
    CHECK_FALSE(looks.since(kFound + "," + part("41", "43", 3, "MISSING_UPLOADING"), 15min));
    for (const char* odd : {"x", "[]", "{}", R"({"written": {}})", R"({"written": []})", R"({"written": [{}]})",
                            R"({"written": [{"segment": "000000010000000000000045", "at": "long ago"}]})"}) {
        looks.cursor = odd;
        CHECK_FALSE(looks.since(some, 20min));
        CHECK(looks.since(some, 25min) == 20min);
    }
}

TEST_CASE("WAL-G: what it remembers has an end, and the oldest of it stays") {
    Looks looks;
    std::size_t longest = 0;
    for (int hour = 0; hour < 200; ++hour) {
        const std::string last = segment(fmt::format("{:02X}", 0x41 + hour % 0x80), fmt::format("{:08X}", 1 + hour));
        const auto since = looks.since(kFound + "," + part("41", "41", 1, "MISSING_LOST") + "," +
                                           row(last, last, 1, "MISSING_UPLOADING"),
                                       std::chrono::hours{hour});
        CHECK(since == (hour == 0 ? std::optional<core::Duration>{} : 0h));
        longest = std::max(longest, looks.cursor.size());
    }
    CHECK(longest < 10'000);
}

TEST_CASE("WAL-G: an archive that stands still is said to wait, also over a look that could not verify it") {
    const auto waits = test::exited(verified("FAILURE", "[" + kFound + "," + part("41", "58", 24, "MISSING_LOST") +
                                                            "," + part("59", "68", 16, "MISSING_UPLOADING") + "]"));
    const auto listed = test::exited(list({kFull}));
    const Collected first = look(listed, waits);
    REQUIRE(first);
    CHECK_FALSE(test::evidence<core::LogArchive>(test::subject(first, "")).waiting_since);
    const Collected blind = look(listed, core::failed(FailureKind::timed_out, "hangs"), nullptr, first->cursor, 5min);
    REQUIRE(blind);
    CHECK(test::subject(blind, "").failure);
    const Collected again = look(listed, waits, nullptr, blind->cursor, 10min);
    REQUIRE(again);
    CHECK(test::evidence<core::LogArchive>(test::subject(again, "")).waiting_since == test::kStart);
}

TEST_CASE("WAL-G: a failure without the segments that are lost is no answer") {
    CHECK_THROWS_AS(verify(verified("FAILURE", "null")), io::BadDocument);
    CHECK_THROWS_AS(verify(verified("FAILURE", "[" + kFound + "]")), io::BadDocument);
    CHECK_THROWS_AS(verify(verified("PERHAPS", "[]")), io::BadDocument);
    CHECK_THROWS_AS(verify(verified("OK", "[" + row("a", "b", 1, "PERHAPS") + "]")), io::BadDocument);
    CHECK_THROWS_AS(verify(R"({"integrity": {"status": "OK"}})"), io::BadDocument);
    CHECK(verify(verified("OK", "null")).archive.gaps.empty());
}
