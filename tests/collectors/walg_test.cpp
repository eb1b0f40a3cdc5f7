// SPDX-License-Identifier: Apache-2.0
// What WAL-G's documents mean, written by hand in the form that its source gives them.
#include "collectors/walg.hpp"

#include "core/assertion.hpp"
#include "core/config/values.hpp"
#include "core/rules/points.hpp"
#include "tests/collectors/one_look.hpp"
#include "tests/places.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::Told;

namespace {

std::string backup(const std::string& name, const std::string& finished, const std::string& more = {}) {
    return fmt::format(
        R"({{"backup_name": "{}", "time": "2026-11-22T02:59:00Z", "wal_file_name": "{}", "storage_name": "default",)"
        R"( "start_time": "2026-11-20T02:00:00.25Z", "finish_time": "{}", "date_fmt": "%Y-%m-%dT%H:%M:%S.%fZ",)"
        R"( "hostname": "db1", "data_dir": "/srv/pg", "pg_version": 150015, "start_lsn": 838860840,)"
        R"( "finish_lsn": 838861184, "is_permanent": false, "system_identifier": 7507672962298572862{}}})",
        name, name.substr(5, 24), finished, more);
}

std::string list(std::initializer_list<std::string> backups) {
    std::string text;
    for (const std::string& one : backups)
        text += (text.empty() ? "" : ",") + one;
    return "[" + text + "]";
}

const std::string kFull = backup("base_000000010000000000000032", "2026-11-20T02:10:00Z",
                                 R"(, "uncompressed_size": 4000000, "compressed_size": 1000000)");
const std::string kDelta = backup("base_000000010000000000000036_D_000000010000000000000032", "2026-11-21T02:10:00Z");
const std::string kDeltaOfDelta =
    backup("base_00000001000000000000003A_D_000000010000000000000036", "2026-11-22T02:10:00Z");

std::string permanent(std::string text) {
    const std::string from = R"("is_permanent": false)";
    return text.replace(text.find(from), from.size(), R"("is_permanent": true)");
}

std::string row(const std::string& first, const std::string& last, int count, const std::string& status) {
    return fmt::format(
        R"({{"timeline_id": 1, "start_segment": "{}", "end_segment": "{}", "segments_count": {}, "status": "{}"}})",
        first, last, count, status);
}

std::string verified(const std::string& integrity, const std::string& rows, const std::string& timeline = "OK",
                     const std::string& details = R"({"current_timeline_id": 1, "highest_storage_timeline_id": 1})") {
    return fmt::format(
        R"({{"integrity": {{"status": "{}", "details": {}}}, "timeline": {{"status": "{}", "details": {}}}}})",
        integrity, rows, timeline, details);
}

const std::string kFound = row("000000010000000000000032", "000000010000000000000040", 15, "FOUND");

WalgBackups backups(const std::string& text) { return interpret_walg_backups(io::Json::parse(text)); }

WalgVerified verify(const std::string& text) {
    return interpret_walg_verify(io::Json::parse(text), backups(list({kFull})));
}

Time at(std::string_view text) { return core::config::parse_time(text).value(); }

/// One look at a WAL-G that answers so.
Collected look(const Result<io::Finished>& listed, const Result<io::Finished>& checked,
               std::vector<std::string>* asked = nullptr) {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    world.on_run = [&](const io::Command& command) {
        const bool lists = std::ranges::find(command.argv, "backup-list") != command.argv.end();
        return lists ? listed : checked;
    };
    Collected seen = test::look(ioc, world, "walg", {}, {}, 1min, 0s);
    if (asked)
        *asked = world.asked;
    return seen;
}

} // namespace

TEST_CASE("WAL-G: no backups are an empty list, which is told, and a line of a log is no answer") {
    const Collected none = look(test::exited("[]"), core::failed(FailureKind::unreachable, "not asked"));
    REQUIRE(none);
    CHECK(test::points(none, "").count == 0);
    CHECK_FALSE(test::subject(none, "").failure);
    const Collected log = look(test::exited("INFO: 2026/11/22 03:00:00 No backups found\n"), test::exited(""));
    REQUIRE_FALSE(log);
    CHECK(log.error().kind == FailureKind::bad_answer);
}

TEST_CASE("WAL-G: a delta whose parent is gone cannot be restored, nor what builds on it") {
    const auto points = backups(list({kDelta, kDeltaOfDelta})).points;
    REQUIRE(points.points.size() == 2);
    CHECK_FALSE(core::usable(points, points.points[0]));
    CHECK_FALSE(core::usable(points, points.points[1]));
    const auto whole = backups(list({kFull, kDelta, kDeltaOfDelta})).points;
    CHECK(core::usable(whole, whole.points[2]));
    CHECK(whole.points[2].needs ==
          std::vector<std::string>{"base_000000010000000000000036_D_000000010000000000000032"});
    CHECK(whole.points[0].backup_type == "full");
    CHECK(whole.points[1].backup_type == "incr");
}

TEST_CASE("WAL-G: what is permanent is kept for ever, and does not tell how far one can go back") {
    const Time old = at("2026-11-20T02:10:00Z");
    const Time newer = at("2026-11-22T02:10:00Z");
    const std::string full = backup("base_00000001000000000000003A", "2026-11-22T02:10:00Z");
    const auto seen = backups(list({permanent(kFull), full}));
    CHECK(seen.points.oldest_at == newer);
    CHECK(seen.points.count == 2);
    CHECK_THAT(seen.points.points.at(0).detail, ContainsSubstring("permanent"));
    CHECK(seen.points.points.at(0).state == core::PointState::good);
    // Between it and the next one there is no WAL: the window is no longer than the rest of the backups.
    const auto window = [](const WalgBackups& listed) {
        return interpret_walg_verify(io::Json::parse(verified("OK", "[" + kFound + "]")), listed).archive.oldest_at;
    };
    CHECK(window(seen) == newer);
    CHECK(window(backups(list({kFull, full}))) == old);
    // One could go back to the oldest of them, and on from the newest.
    const auto all = backups(list({permanent(kFull), permanent(full)}));
    CHECK(all.points.oldest_at == old);
    CHECK(window(all) == newer);
    CHECK_FALSE(window(backups("[]")));
}

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

TEST_CASE("WAL-G: a backup is of when it ended, not of when its storage got it") {
    const auto seen = backups(list({kFull}));
    const auto& point = seen.points.points.at(0);
    CHECK(point.data_at == at("2026-11-20T02:10:00Z"));
    CHECK(point.duration == 599750ms);
    CHECK(point.size_bytes == 4'000'000);
    CHECK(point.stored_bytes == 1'000'000);
    CHECK(point.depth == core::Depth::listed);
    CHECK(point.encrypted == Told::not_told);
    CHECK(seen.system_id == "7507672962298572862");
    CHECK(seen.points.oldest_at == point.data_at);
    // What Go writes for a time that it does not have.
    CHECK(
        backups(list({backup("base_000000010000000000000032", "0001-01-01T00:00:00Z")})).points.points.at(0).data_at ==
        at("2026-11-22T02:59:00Z"));
}

TEST_CASE("WAL-G: older versions tell less") {
    const auto seen = backups(R"([{"backup_name": "base_000000010000000000000032", "time": "2026-11-20T02:00:00Z",
        "wal_file_name": "000000010000000000000032", "start_time": "2026-11-20T01:59:00Z",
        "finish_time": "2026-11-20T02:00:00Z", "system_identifier": null}])");
    CHECK(seen.points.points.at(0).size_bytes == std::nullopt);
    CHECK(seen.system_id.empty());
}

TEST_CASE("WAL-G: backups come in order of their storage, and are put in order of their ends") {
    const auto points = backups(list({kDelta, kFull})).points.points;
    CHECK(points.at(0).ended_at < points.at(1).ended_at);
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

TEST_CASE("WAL-G: a failure without the segments that are lost is no answer") {
    CHECK_THROWS_AS(verify(verified("FAILURE", "null")), io::BadDocument);
    CHECK_THROWS_AS(verify(verified("FAILURE", "[" + kFound + "]")), io::BadDocument);
    CHECK_THROWS_AS(verify(verified("PERHAPS", "[]")), io::BadDocument);
    CHECK_THROWS_AS(verify(verified("OK", "[" + row("a", "b", 1, "PERHAPS") + "]")), io::BadDocument);
    CHECK_THROWS_AS(verify(R"({"integrity": {"status": "OK"}})"), io::BadDocument);
    CHECK(verify(verified("OK", "null")).archive.gaps.empty());
}

TEST_CASE("WAL-G: a storage on another timeline than its server is found") {
    const auto seen = verify(verified("OK", "[" + kFound + "]", "FAILURE",
                                      R"({"current_timeline_id": 1, "highest_storage_timeline_id": 3})"));
    CHECK(core::state_of(seen.timeline) == core::AssertionState::fails);
    CHECK_THAT(seen.timeline.detail, ContainsSubstring("on timeline 1, the storage has 3"));
    CHECK(core::state_of(verify(verified("OK", "[]", "FAILURE", "null")).timeline) == core::AssertionState::fails);
}

TEST_CASE("WAL-G: a check of the WAL that fails takes nothing from what was listed") {
    const Collected seen = look(test::exited(list({kFull})),
                                test::exited("", 1, "ERROR: 2026/11/22 03:00:00 connect: connection refused\n"));
    REQUIRE(seen);
    const auto& subject = test::subject(seen, "");
    REQUIRE(subject.failure);
    CHECK_THAT(subject.failure->detail, ContainsSubstring("its WAL could not be verified: wal-g ended with status 1"));
    CHECK(test::points(seen, "").count == 1);
    const Collected hangs = look(test::exited(list({kFull})), core::failed(FailureKind::timed_out, "hangs"));
    CHECK(test::subject(hangs, "").failure->kind == FailureKind::timed_out);
}

TEST_CASE("WAL-G: it is asked for its backups and its WAL") {
    std::vector<std::string> asked;
    const Collected seen = look(test::exited(list({kFull})), test::exited(verified("OK", "[" + kFound + "]")), &asked);
    REQUIRE(seen);
    CHECK(asked == std::vector<std::string>{"run wal-g backup-list --detail --json",
                                            "run wal-g wal-verify integrity timeline --json"});
    CHECK_FALSE(test::subject(seen, "").failure);
    CHECK(test::evidence<core::LogArchive>(test::subject(seen, "")).oldest_at == at("2026-11-20T02:10:00Z"));
}

TEST_CASE("WAL-G: a program that is not there is named") {
    const Collected seen = look(test::exited("", 127, "wal-g: not found"), test::exited(""));
    REQUIRE_FALSE(seen);
    CHECK(seen.error().kind == FailureKind::misconfigured);
}

TEST_CASE("WAL-G: samples, where they are at hand, are read whole") {
    const std::filesystem::path samples = test::source_folder() / "../shared/samples/walg";
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator{samples, none}) {
        std::ifstream file{entry.path(), std::ios::binary};
        const auto seen = backups(std::string{std::istreambuf_iterator<char>{file}, {}});
        CAPTURE(entry.path());
        CHECK(seen.points.count > 0);
        CHECK(std::ranges::all_of(seen.points.points, [&](const auto& p) { return core::usable(seen.points, p); }));
    }
}
