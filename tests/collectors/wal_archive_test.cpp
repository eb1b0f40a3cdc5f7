// SPDX-License-Identifier: Apache-2.0
#include "collectors/wal_archive.hpp"

#include "tests/support/fake_world.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fmt/format.h>

using namespace recoverd;
using namespace recoverd::collectors;

namespace {

constexpr core::Time kNow{std::chrono::seconds{1'795'400'000}};
constexpr std::uint64_t k16 = kDefaultSegmentsPerLog;

std::set<std::string, std::less<>> directories(std::uint32_t timeline, unsigned first, unsigned last) {
    std::set<std::string, std::less<>> names;
    for (unsigned log = first; log <= last; ++log)
        names.insert(fmt::format("{:08X}{:08X}", timeline, log));
    return names;
}

/// The whole directory, without the numbers in `gone`.
std::map<WalSegment, core::Time> full(const std::string& directory, const std::set<std::uint64_t>& gone = {},
                                      core::Time at = kNow - core::kDay) {
    std::map<WalSegment, core::Time> segments;
    const auto first = wal_segment(directory + "00000000").value();
    for (std::uint64_t n = first.number; n < first.number + k16; ++n)
        if (!gone.contains(n))
            segments[{first.timeline, n}] = at + core::Duration{static_cast<core::Duration::rep>(n)};
    return segments;
}

/// The segments from `first` to `last`.
std::set<std::uint64_t> numbers(std::uint64_t first, std::uint64_t last) {
    std::set<std::uint64_t> made;
    for (std::uint64_t number = first; number <= last; ++number)
        made.insert(number);
    return made;
}

/// One run, without what is `gone`.
void scan_once(WalScan& scan, const std::set<std::uint64_t>& gone) {
    for (const auto& directory : scan.wanted(64))
        scan.listed(directory, full(directory, gone), kNow);
}

/// Lists everything that is wanted, run after run, until nothing new is; how many listings it took.
std::size_t scan_all(WalScan& scan, const std::set<std::uint64_t>& gone, std::size_t per_run = 64) {
    std::size_t listings = 0;
    for (int run = 0; run < 1'000; ++run) {
        for (const auto& directory : scan.wanted(per_run)) {
            scan.listed(directory, full(directory, gone), kNow);
            ++listings;
        }
        if (scan.whole())
            break;
    }
    return listings;
}

io::Json listing(const std::string& name) { return io::Json::parse(test::data("pgbackrest/" + name)); }

} // namespace

TEST_CASE("a segment's name is its timeline and its number, and other files are none") {
    CHECK(wal_segment("0000000100000002000000FF") == WalSegment{1, 2 * 256 + 255});
    CHECK(wal_name({1, 2 * 256 + 255}, k16) == "0000000100000002000000FF");
    CHECK_FALSE(wal_segment("000000010000000200000100"));
    CHECK_FALSE(wal_segment("00000001000000020000000f"));
    CHECK_FALSE(wal_segment("00000002.history"));
    CHECK_FALSE(wal_segment(""));
}

TEST_CASE("backups tell how large the segments are") {
    CHECK(segments_per_log({}) == 256);
    CHECK(segments_per_log({{"000000010000000000000002", "", "0/2000028", {}, true}}) == 256);
    // 64 MiB: the third segment begins at 0xC000000.
    CHECK(segments_per_log({{"000000010000000000000003", "", "0/C000028", {}, true}}) == 64);
    CHECK(segments_per_log({{"000000010000000000000028", "", "0/2800028", {}, true}}) == 4'096);
    CHECK(segments_per_log({{"garbage", "", "no/where", {}, true}}) == 256);
}

TEST_CASE("only whole segments count: nothing partial, unfinished or empty") {
    const auto json = io::Json::parse(R"({".":{"type":"path"},
        "000000010000000000000001-aa.lz4":{"type":"file","size":5,"time":10},
        "000000010000000000000002.partial-aa.lz4":{"type":"file","size":5,"time":10},
        "000000010000000000000003.00000028.backup":{"type":"file","size":5,"time":10},
        "000000010000000000000004-aa.lz4.pgbackrest.tmp":{"type":"file","size":5,"time":10},
        "000000010000000000000005-aa":{"type":"file","size":0,"time":10},
        "000000010000000000000006":{"type":"file","size":5,"time":12},
        "000000010000000000000007-aa":{"type":"path"},
        "lost+found":{"type":"path"}})");
    const auto segments = read_wal_listing(json, k16);
    REQUIRE(segments.size() == 2);
    CHECK(segments.begin()->first.number == 1);
    CHECK(segments.rbegin()->first.number == 6);
    CHECK(segments.rbegin()->second == core::from_unix_seconds(12));
}

TEST_CASE("a real archive is whole, and the segment that was deleted from it is missed") {
    const auto top = read_wal_directories(listing("ls-archive.json"));
    CHECK(top.names == std::set<std::string, std::less<>>{"0000000100000000"});
    CHECK(top.histories.empty());
    for (const bool deleted : {false, true}) {
        CAPTURE(deleted);
        const auto segments = read_wal_listing(listing(deleted ? "ls-segments-gap.json" : "ls-segments.json"), k16);
        WalScan scan;
        scan.begin("15-1", k16);
        scan.expect({{1, 2, 0xB}}, top.names);
        REQUIRE(scan.wanted(8) == std::vector<std::string>{"0000000100000000"});
        scan.listed("0000000100000000", segments, kNow);
        CHECK(scan.newest() == WalSegment{1, 0xB});
        if (deleted) {
            CHECK(scan.gaps() == std::vector<WalRange>{{1, 0xA, 0xA}});
            CHECK(scan.reachable_until({1, 9}) == core::from_unix_seconds(1'795'347'070));
        } else {
            CHECK(scan.gaps().empty());
            CHECK(scan.reachable_until({1, 9}) == segments.rbegin()->second);
        }
    }
}

TEST_CASE("a real promotion ends the old timeline where its history says") {
    const auto top = read_wal_directories(listing("ls-archive-promoted.json"));
    CHECK(top.histories == std::set<std::uint32_t>{2});
    const auto history = read_history(test::data("pgbackrest/history-promoted.txt"));
    REQUIRE(history == std::vector<WalSwitch>{{1, 0x17000000}});
    const auto plan = plan_wal({{"000000010000000000000002", "000000010000000000000002", "0/2000028", {}, true}},
                               {2, 0x18}, history, k16);
    CHECK(plan.missing_history.empty());
    REQUIRE(plan.ranges == std::vector<WalRange>{{1, 2, 0x16}, {2, 0x17, 0x18}});
    WalScan scan;
    scan.begin("15-1", k16);
    scan.expect(plan.ranges, top.names);
    CHECK(scan.wanted(8).front() == "0000000200000000");
    scan.listed("0000000200000000", read_wal_listing(listing("ls-segments-promoted-2.json"), k16), kNow);
    scan.listed("0000000100000000", read_wal_listing(listing("ls-segments-promoted-1.json"), k16), kNow);
    CHECK(scan.whole());
    CHECK(scan.gaps().empty());
}

TEST_CASE("the segment in which a timeline ends is needed on the next timeline only") {
    // In the middle of segment 0x17: what is of it on timeline 1 is a .partial file.
    const auto plan =
        plan_wal({{"000000010000000000000002", "", "", {}, true}}, {3, 0x30},
                 read_history("1\t0/17000400\tno recovery target specified\n\n2\t0/20000000\twhy\n"), k16);
    CHECK(plan.ranges == std::vector<WalRange>{{1, 2, 0x16}, {2, 0x17, 0x1F}, {3, 0x20, 0x30}});
}

TEST_CASE("backups of an abandoned timeline ask for nothing") {
    const auto plan =
        plan_wal({{"000000020000000000000010", "", "", {}, true}, {"000000030000000000000040", "", "", {}, true}},
                 {3, 0x45}, read_history("1\t0/17000400\tx\n"), k16);
    CHECK(plan.ranges == std::vector<WalRange>{{3, 0x40, 0x45}});
}

TEST_CASE("a newest timeline that does not go on from the newest good backup leads astray") {
    const auto history = read_history("1\t0/17000400\tno recovery target specified\n");
    const auto astray = [&](const std::vector<WalBackup>& backups, std::uint32_t newest = 2) {
        return plan_wal(backups, {newest, 0x18}, history, k16).astray;
    };
    const WalBackup before{"000000010000000000000010", "000000010000000000000011", "", {}, true};
    const WalBackup behind{"000000010000000000000018", "000000010000000000000018", "", {}, true};
    CHECK_FALSE(astray({}));
    CHECK_FALSE(astray({before}));
    CHECK(astray({before, behind}) == 1U);
    CHECK(astray({behind}) == 1U);
    // Begun before the fork, in the middle of 0x17, and ended behind it.
    CHECK(astray({{"000000010000000000000016", "000000010000000000000018", "", {}, true}}) == 1U);
    CHECK_FALSE(astray({{"000000010000000000000016", "000000010000000000000017", "", {}, true}}));
    // A bad one needs no WAL, and one of the newest timeline is where everybody wants to go.
    CHECK_FALSE(astray({before, {behind.start, behind.stop, "", {}, false}}));
    CHECK_FALSE(astray({behind, {"000000020000000000000017", "000000020000000000000018", "", {}, true}}));
    // From timeline 1 to 3, beside 2.
    CHECK(astray({{"000000020000000000000017", "000000020000000000000018", "", {}, true}}, 3) == 2U);
    // Told where the stop is not.
    CHECK(astray({{"000000010000000000000018", "", "", {}, true}}) == 1U);
}

TEST_CASE("a history file that is missing is missed, and only where a backup needs it") {
    const auto needed = plan_wal({{"000000010000000000000002", "", "", {}, true}}, {2, 0x18}, {}, k16);
    CHECK(needed.missing_history == "00000002.history");
    CHECK(needed.ranges.empty());
    const auto not_needed = plan_wal({{"000000020000000000000002", "", "", {}, true}}, {2, 0x18}, {}, k16);
    CHECK(not_needed.missing_history.empty());
    CHECK(not_needed.ranges == std::vector<WalRange>{{2, 2, 0x18}});
}

TEST_CASE("a history that makes no sense is a bad document") {
    for (const auto* text : {"x", "1", "1\tnowhere", "2\t0/1\tx\n1\t0/2\tx\n", "99999999999\t0/1\tx"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(read_history(text), io::BadDocument);
    }
    CHECK(read_history("# comment\n\n").empty());
}

TEST_CASE("200,000 segments are looked through in runs, once, and then only what can change") {
    WalScan scan;
    const std::uint64_t last = 200'000;
    const auto names = directories(1, 0, static_cast<unsigned>(last / k16));
    scan.begin("15-1", k16);
    scan.expect({{1, 5, last}}, names);
    std::size_t runs = 0;
    for (; !scan.whole(); ++runs) {
        // As the agent does it: what is known goes through the cursor from run to run.
        io::JsonWriter out;
        scan.write(out);
        CHECK(out.text().size() < 1'000);
        WalScan next;
        next.read(io::Json::parse(out.text()));
        next.begin("15-1", k16);
        next.expect({{1, 5, last}}, names);
        const auto wanted = next.wanted(64);
        REQUIRE(wanted.size() <= 64);
        for (const auto& directory : wanted)
            next.listed(directory, full(directory, {1'000, 1'001, 150'000}), kNow);
        scan = std::move(next);
        REQUIRE(runs < 20);
    }
    CHECK(runs == 14);
    CHECK(scan.gaps() == std::vector<WalRange>{{1, 1'000, 1'001}, {1, 150'000, 150'000}});
    // The newest, two with holes, four in turn.
    CHECK(scan.wanted(64).size() <= 7);
}

TEST_CASE("a hole that was filled is no gap any more") {
    WalScan scan;
    scan.begin("15-1", k16);
    scan.expect({{1, 0, 1'023}}, directories(1, 0, 3));
    scan_all(scan, {300});
    REQUIRE(scan.gaps() == std::vector<WalRange>{{1, 300, 300}});
    for (const auto& directory : scan.wanted(8))
        scan.listed(directory, full(directory), kNow);
    CHECK(scan.gaps().empty());
}

TEST_CASE("what is deleted from an old directory later is found in its turn") {
    WalScan scan;
    scan.begin("15-1", k16);
    scan.expect({{1, 0, 20 * k16 - 1}}, directories(1, 0, 19));
    scan_all(scan, {});
    REQUIRE(scan.gaps().empty());
    int runs = 0;
    while (scan.gaps().empty() && runs < 100) {
        for (const auto& directory : scan.wanted(64))
            scan.listed(directory, full(directory, {300}), kNow);
        ++runs;
    }
    CHECK(scan.gaps() == std::vector<WalRange>{{1, 300, 300}});
    CHECK(runs <= 5);
}

TEST_CASE("a directory that is gone as a whole is a gap without any listing") {
    WalScan scan;
    scan.begin("15-1", k16);
    auto names = directories(1, 0, 3);
    names.erase("0000000100000001");
    names.erase("0000000100000002");
    scan.expect({{1, 0, 1'023}}, names);
    scan.listed("0000000100000003", full("0000000100000003"), kNow);
    CHECK(scan.gaps() == std::vector<WalRange>{{1, 256, 767}});
    // It may begin in a directory that nobody has looked at.
    CHECK(scan.unsure() == scan.gaps());
    CHECK(scan.wanted(2) == std::vector<std::string>{"0000000100000003", "0000000100000000"});
    scan.listed("0000000100000000", full("0000000100000000", {255}), kNow);
    CHECK(scan.gaps() == std::vector<WalRange>{{1, 255, 767}});
    CHECK(scan.unsure().empty());
}

TEST_CASE("segments that were stored out of order are no gap until they are late") {
    WalScan scan;
    scan.begin("15-1", k16);
    const auto young = [](core::Duration age) {
        return std::map<WalSegment, core::Time>{
            {{1, 1}, kNow - core::kDay}, {{1, 3}, kNow - age}, {{1, 4}, kNow - age}};
    };
    scan.expect({{1, 1, 4}}, directories(1, 0, 0));
    scan.listed("0000000100000000", young(std::chrono::seconds{5}), kNow);
    CHECK(scan.gaps().empty());
    scan.listed("0000000100000000", young(std::chrono::minutes{3}), kNow);
    CHECK(scan.gaps() == std::vector<WalRange>{{1, 2, 2}});
}

TEST_CASE("segments before the oldest backup are forgotten when retention takes them") {
    WalScan scan;
    scan.begin("15-1", k16);
    scan.expect({{1, 0, 1'023}}, directories(1, 0, 3));
    scan_all(scan, {10});
    REQUIRE(scan.gaps().size() == 1);
    scan.expect({{1, 600, 1'023}}, directories(1, 2, 3));
    CHECK(scan.gaps().empty());
    CHECK(scan.whole());
}

TEST_CASE("another archive begins a scan of its own") {
    WalScan scan;
    scan.begin("15-1", k16);
    scan.expect({{1, 0, 511}}, directories(1, 0, 1));
    scan_all(scan, {});
    REQUIRE(scan.whole());
    scan.begin("16-2", k16);
    scan.expect({{1, 0, 511}}, directories(1, 0, 1));
    CHECK_FALSE(scan.whole());
}

TEST_CASE("names that span the whole of what names can say cost no time") {
    WalScan scan;
    scan.begin("15-1", k16);
    scan.expect({{1, 0, 0xFFFF'FFFFULL * k16}}, {"0000000100000000", "00000001FFFFFFFF"});
    CHECK(scan.wanted(8).size() == 2);
    CHECK(scan.gaps().empty());
}

TEST_CASE("a cursor stays small when every other segment is gone, and no hole is taken for whole") {
    WalScan scan;
    scan.begin("15-1", k16);
    const auto names = directories(1, 0, 39);
    scan.expect({{1, 0, 40 * k16 - 1}}, names);
    std::set<std::uint64_t> gone;
    for (std::uint64_t n = 1; n < 39 * k16; n += 2)
        gone.insert(n);
    scan_all(scan, gone);
    REQUIRE(scan.gaps().size() == gone.size());
    io::JsonWriter out;
    scan.write(out);
    CHECK(out.text().size() < 200'000);
    WalScan next;
    next.read(io::Json::parse(out.text()));
    next.begin("15-1", k16);
    next.expect({{1, 0, 40 * k16 - 1}}, names);
    CHECK_FALSE(next.whole());
    scan_all(next, gone);
    CHECK(next.gaps().size() == gone.size());
}

TEST_CASE("a hole that is exactly what lies between two backups is retention, and the window begins after it") {
    const std::vector<WalBackup> backups{{"000000010000000000000010", "000000010000000000000011", "", {}, true},
                                         {"000000010000000000000020", "000000010000000000000021", "", {}, true},
                                         {"000000010000000000000030", "000000010000000000000031", "", {}, true}};
    const std::vector<WalRange> all{{1, 0x10, 0x40}};
    CHECK(window_begin(backups, {}, all, k16) == 0);
    CHECK(window_begin(backups, {{1, 0x12, 0x1F}}, all, k16) == 1);
    CHECK(window_begin(backups, {{1, 0x12, 0x1F}, {1, 0x22, 0x2F}}, all, k16) == 2);
    // One segment was spared: then this is loss.
    CHECK(window_begin(backups, {{1, 0x12, 0x1E}}, all, k16) == 0);
    CHECK(window_begin(backups, {{1, 0x22, 0x2F}}, all, k16) == 0);
}

TEST_CASE("retention's hole between two backups may reach over a promotion, and is one in each timeline then") {
    const std::vector<WalBackup> backups{{"000000010000000000000010", "000000010000000000000011", "", {}, true},
                                         {"000000020000000000000030", "000000020000000000000031", "", {}, true}};
    const std::vector<WalRange> all{{1, 0x10, 0x1F}, {2, 0x20, 0x40}};
    CHECK(window_begin(backups, {{1, 0x12, 0x1F}, {2, 0x20, 0x2F}}, all, k16) == 1);
    for (const std::vector<WalRange>& spared : std::vector<std::vector<WalRange>>{{{1, 0x12, 0x1F}, {2, 0x20, 0x2E}},
                                                                                  {{1, 0x12, 0x1F}},
                                                                                  {{2, 0x20, 0x2F}},
                                                                                  {{1, 0x13, 0x1F}, {2, 0x20, 0x2F}}})
        CHECK(window_begin(backups, spared, all, k16) == 0);
    // A backup that was begun before the promotion, and ended behind it.
    CHECK(window_begin({{"000000010000000000000010", "000000010000000000000011", "", {}, true},
                        {"000000020000000000000020", "000000020000000000000021", "", {}, true}},
                       {{1, 0x12, 0x1F}}, all, k16) == 1);
}

TEST_CASE("what expire took between two old backups is known as that at the first look after it") {
    const std::vector<WalBackup> backups{{"000000010000000000000010", "000000010000000000000011", "", {}, true},
                                         {"000000010000000F00000020", "000000010000000F00000021", "", {}, true}};
    const std::vector<WalRange> all{{1, 0x10, 0x6040}};
    WalScan scan;
    scan.begin("15-1", k16);
    scan.expect(all, directories(1, 0, 0x60));
    scan_all(scan, {});
    REQUIRE(scan.gaps().empty());
    // Whole directories, and single files of those at both ends.
    auto left = directories(1, 0xF, 0x60);
    left.merge(directories(1, 0, 0));
    scan.expect(all, left);
    CHECK(scan.gaps() == std::vector<WalRange>{{1, 0x100, 0xEFF}});
    CHECK(scan.unsure() == scan.gaps());
    scan_once(scan, numbers(0x12, 0xF1F));
    CHECK(scan.gaps() == std::vector<WalRange>{{1, 0x12, 0xF1F}});
    CHECK(scan.unsure().empty());
    CHECK(window_begin(backups, scan.gaps(), all, k16) == 1);
    // Its ends are not looked at anew from then on.
    scan.expect(all, left);
    CHECK(scan.unsure().empty());
    CHECK(scan.whole());
}

TEST_CASE("what expire took over a promotion is looked for in both timelines") {
    const std::vector<WalBackup> backups{{"000000010000000000000010", "000000010000000000000011", "", {}, true},
                                         {"000000020000002000000020", "000000020000002000000021", "", {}, true}};
    const std::vector<WalRange> all{{1, 0x10, 0x104F}, {2, 0x1050, 0x6040}};
    WalScan scan;
    scan.begin("15-1", k16);
    auto names = directories(1, 0, 0x10);
    names.merge(directories(2, 0x10, 0x60));
    scan.expect(all, names);
    scan_all(scan, {});
    REQUIRE(scan.gaps().empty());
    auto left = directories(1, 0, 0);
    left.merge(directories(2, 0x20, 0x60));
    scan.expect(all, left);
    CHECK(scan.unsure().size() == 2);
    scan_once(scan, numbers(0x12, 0x201F));
    CHECK(scan.gaps() == std::vector<WalRange>{{1, 0x12, 0x104F}, {2, 0x1050, 0x201F}});
    CHECK(scan.unsure().empty());
    CHECK(window_begin(backups, scan.gaps(), all, k16) == 1);
}

TEST_CASE("a hole that came at the edge of a directory is unsure until the next one was looked at since") {
    WalScan scan;
    scan.begin("15-1", k16);
    scan.expect({{1, 0x10, 0x340}}, directories(1, 0, 3));
    scan_all(scan, {});
    // No directory is gone: expire left a backup in each.
    const auto gone = numbers(0x12, 0x11F);
    scan.listed("0000000100000000", full("0000000100000000", gone), kNow);
    CHECK(scan.gaps() == std::vector<WalRange>{{1, 0x12, 0xFF}});
    CHECK(scan.unsure() == scan.gaps());
    // Known over a restart.
    io::JsonWriter out;
    scan.write(out);
    WalScan next;
    next.read(io::Json::parse(out.text()));
    next.begin("15-1", k16);
    next.expect({{1, 0x10, 0x340}}, directories(1, 0, 3));
    CHECK(next.wanted(2) == std::vector<std::string>{"0000000100000003", "0000000100000001"});
    next.listed("0000000100000001", full("0000000100000001", gone), kNow);
    CHECK(next.gaps() == std::vector<WalRange>{{1, 0x12, 0x11F}});
    // What its neighbour lacks is news for the first one, which is looked at once more.
    scan_once(next, gone);
    CHECK(next.unsure().empty());
    CHECK(next.whole());
    // One in the middle of a directory has both its ends there.
    scan_once(next, numbers(0x12, 0x11F));
    next.listed("0000000100000002", full("0000000100000002", {0x220}), kNow);
    CHECK(next.gaps().back() == WalRange{1, 0x220, 0x220});
    CHECK(next.unsure().empty());
}

TEST_CASE("a hole that may yet be all that lies between two backups moves the window on as if it were") {
    const std::vector<WalBackup> backups{{"000000010000000000000010", "000000010000000000000011", "", {}, true},
                                         {"000000010000000000000020", "000000010000000000000021", "", {}, true},
                                         {"000000010000000000000030", "000000010000000000000031", "", {}, true}};
    const std::vector<WalRange> all{{1, 0x10, 0x40}};
    const std::vector<WalRange> gaps{{1, 0x14, 0x1F}, {1, 0x22, 0x2F}};
    CHECK(window_begin(backups, gaps, all, k16) == 0);
    CHECK(window_begin(backups, gaps, all, k16, {{1, 0x14, 0x1F}}) == 2);
    CHECK(window_begin(backups, gaps, all, k16, {{1, 0x22, 0x2F}}) == 0);
}
