// SPDX-License-Identifier: Apache-2.0
// A WAL archive: names of segments, listings, history files, and what a scan left behind for the next one.
#include "collectors/wal_archive.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <algorithm>

namespace recoverd::fuzz {

namespace {

using namespace collectors;

void names(std::string_view bytes) {
    for (const std::uint64_t per_log : {kDefaultSegmentsPerLog, kMaxSegmentsPerLog, std::uint64_t{4}})
        if (const auto segment = wal_segment(bytes, per_log))
            must(wal_segment(wal_name(*segment, per_log), per_log) == segment, "a segment's name is read again", bytes);
}

void history(std::string_view bytes) {
    try {
        const auto switches = read_history(bytes);
        const std::vector<WalBackup> backups{
            {"000000010000000000000002", "000000010000000000000003", "0/2000028", kNow - core::kDay, true}};
        const WalSegment newest{switches.empty() ? 1U : switches.back().timeline + 1U, 1'000};
        const WalPlan plan = plan_wal(backups, newest, switches, kDefaultSegmentsPerLog);
        must(plan.ranges.size() <= switches.size() + 1, "a range for each timeline at most");
        for (const WalRange& range : plan.ranges)
            must(range.first <= range.last, "a range does not end before it begins");
    } catch (const io::BadDocument&) {
    }
}

void listing(const io::Json& json) {
    try {
        const WalDirectories directories = read_wal_directories(json);
        const auto segments = read_wal_listing(json, kDefaultSegmentsPerLog);
        WalScan scan;
        scan.begin("15-1", kDefaultSegmentsPerLog);
        scan.expect({{1, 2, 1'000}}, directories.names);
        for (const std::string& directory : scan.wanted(8))
            scan.listed(directory, segments, kNow);
        io::JsonWriter kept;
        scan.write(kept);
        WalScan next;
        next.read(io::Json::parse(kept.text()));
    } catch (const io::BadDocument&) {
    }
}

void cursor(const io::Json& json) {
    try {
        WalScan scan;
        scan.read(json);
        scan.begin("15-1", kDefaultSegmentsPerLog);
        scan.expect({{1, 2, 1'000}, {2, 1'001, 2'000}}, {"0000000100000000", "0000000200000003"});
        const auto wanted = scan.wanted(3);
        must(wanted.size() <= 3, "no more directories than asked for");
        const auto gaps = scan.gaps();
        for (const WalRange& hole : scan.unsure())
            must(std::ranges::find(gaps, hole) != gaps.end(), "nobody is unsure of what is no gap");
        scan.whole();
        scan.newest();
        scan.reachable_until({1, 2});
        io::JsonWriter first;
        scan.write(first);
        WalScan next;
        next.read(io::Json::parse(first.text()));
        io::JsonWriter second;
        next.write(second);
        must(first.text() == second.text(), "what a scan knows survives", first.text());
    } catch (const io::BadDocument&) {
    }
}

} // namespace

void fuzz(std::string_view bytes) {
    names(bytes);
    history(bytes);
    try {
        const io::Json json = io::Json::parse(bytes);
        listing(json);
        cursor(json);
    } catch (const io::BadDocument&) {
    }
}

} // namespace recoverd::fuzz
