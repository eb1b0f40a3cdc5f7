// SPDX-License-Identifier: Apache-2.0
// What WAL-G's list of backups means, and what a look at it brings.
#include "tests/collectors/walg_documents.hpp"

#include "core/assertion.hpp"
#include "core/rules/points.hpp"
#include "tests/places.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace recoverd::test::walg;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::Told;

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
