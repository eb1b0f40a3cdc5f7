// SPDX-License-Identifier: Apache-2.0
// Names and arithmetic of WAL segments, .history files and listings. Where the scan stands is in wal_scan.cpp.
#include "collectors/wal_archive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace recoverd::collectors {

namespace {

// Names of segments and directories are written with capital letters only; anything else is some other file.
std::optional<std::uint32_t> hex8(std::string_view text) {
    std::uint32_t value = 0;
    for (const char c : text) {
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F')))
            return std::nullopt;
        value = value * 16 + static_cast<std::uint32_t>(c <= '9' ? c - '0' : c - 'A' + 10);
    }
    return text.size() == 8 ? std::optional{value} : std::nullopt;
}

std::optional<std::uint64_t> read_lsn(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos)
        return std::nullopt;
    std::uint32_t high = 0;
    std::uint32_t low = 0;
    const auto* const end = text.data() + text.size();
    const auto h = std::from_chars(text.data(), text.data() + slash, high, 16);
    const auto l = std::from_chars(text.data() + slash + 1, end, low, 16);
    if (h.ec != std::errc{} || h.ptr != text.data() + slash || l.ec != std::errc{} || l.ptr != end)
        return std::nullopt;
    return (std::uint64_t{high} << 32U) | low;
}

constexpr std::uint64_t kLogBytes = std::uint64_t{1} << 32U;

} // namespace

std::optional<WalSegment> wal_segment(std::string_view name, std::uint64_t per_log) {
    if (name.size() < 24)
        return std::nullopt;
    const auto timeline = hex8(name.substr(0, 8));
    const auto log = hex8(name.substr(8, 8));
    const auto low = hex8(name.substr(16, 8));
    if (!timeline || !log || !low || *low >= per_log)
        return std::nullopt;
    return WalSegment{*timeline, std::uint64_t{*log} * per_log + *low};
}

std::string wal_name(WalSegment segment, std::uint64_t per_log) {
    return fmt::format("{:08X}{:08X}{:08X}", segment.timeline, segment.number / per_log, segment.number % per_log);
}

std::uint64_t segments_per_log(const std::vector<WalBackup>& backups) {
    // 16 MiB first, since a cluster that is young enough fits many sizes; then from 1 MiB to 1 GiB.
    for (const std::uint64_t per_log : {256U, 4096U, 2048U, 1024U, 512U, 128U, 64U, 32U, 16U, 8U, 4U}) {
        const bool fits = std::all_of(backups.begin(), backups.end(), [per_log](const WalBackup& backup) {
            const auto lsn = read_lsn(backup.start_lsn);
            if (!lsn || backup.start.size() != 24)
                return true;
            const auto segment = wal_segment(backup.start, per_log);
            return segment && segment->number == *lsn / (kLogBytes / per_log);
        });
        if (fits)
            return per_log;
    }
    return kDefaultSegmentsPerLog;
}

std::vector<WalSwitch> read_history(std::string_view text) {
    std::vector<WalSwitch> switches;
    while (!text.empty()) {
        const auto end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
        if (line.empty() || line.front() == '#')
            continue;
        WalSwitch entry;
        const auto number = std::from_chars(line.data(), line.data() + line.size(), entry.timeline);
        line.remove_prefix(static_cast<std::size_t>(number.ptr - line.data()));
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        const auto lsn = read_lsn(line.substr(0, line.find_first_of(" \t\r")));
        const bool rising = switches.empty() || switches.back().timeline < entry.timeline;
        if (number.ec != std::errc{} || !lsn || !rising || switches.size() >= 10'000)
            throw io::BadDocument("timeline history: expected lines of a rising timeline, an LSN and a reason");
        entry.lsn = *lsn;
        switches.push_back(entry);
    }
    return switches;
}

WalDirectories read_wal_directories(const io::Json& listing) {
    WalDirectories found;
    for (const auto& [name, entry] : listing.object()) {
        const std::string_view text{name};
        if (text.size() == 16 && hex8(text.substr(0, 8)) && hex8(text.substr(8)) && entry["type"].text() == "path")
            found.names.insert(name);
        else if (text.size() == 16 && text.ends_with(".history"))
            if (const auto timeline = hex8(text.substr(0, 8)))
                found.histories.insert(*timeline);
    }
    return found;
}

std::map<WalSegment, core::Time> read_wal_listing(const io::Json& listing, std::uint64_t per_log) {
    std::map<WalSegment, core::Time> segments;
    for (const auto& [name, entry] : listing.object()) {
        // "…-SHA1.lz4" is a segment, "….partial-SHA1.lz4" and "….00000028.backup" are not; a name that goes on with
        // ".pgbackrest.tmp" is being written, and an empty file was when the disk was full.
        const bool is_segment = name.size() == 24 || (name.size() > 24 && name[24] == '-');
        if (!is_segment || name.ends_with(".tmp") || entry["type"].text() != "file")
            continue;
        if (entry["size"] && entry["size"].natural() == 0)
            continue;
        if (const auto segment = wal_segment(name, per_log))
            segments.emplace(*segment, entry["time"].unix_time());
    }
    return segments;
}

namespace {

/// `chain`: where the timelines before that of `newest` end; not empty.
std::optional<std::uint32_t> astray(const std::vector<WalBackup>& backups, WalSegment newest,
                                    const std::vector<WalSwitch>& chain, std::uint64_t per_log) {
    const auto last = std::find_if(backups.rbegin(), backups.rend(), [](const WalBackup& one) { return one.good; });
    if (last == backups.rend())
        return std::nullopt;
    const auto stop = wal_segment(last->stop.empty() ? last->start : last->stop, per_log);
    if (!stop || stop->timeline >= newest.timeline)
        return std::nullopt;
    const auto end = std::ranges::find(chain, stop->timeline, &WalSwitch::timeline);
    const bool goes_on = end != chain.end() && stop->number * (kLogBytes / per_log) < end->lsn;
    return goes_on ? std::nullopt : std::optional{stop->timeline};
}

} // namespace

WalPlan plan_wal(const std::vector<WalBackup>& backups, WalSegment newest, const std::vector<WalSwitch>& history,
                 std::uint64_t per_log) {
    std::vector<WalSwitch> chain = history;
    std::erase_if(chain, [&](const WalSwitch& entry) { return entry.timeline >= newest.timeline; });
    const auto on_chain = [&](std::uint32_t timeline) {
        return timeline == newest.timeline ||
               std::any_of(chain.begin(), chain.end(), [&](const auto& entry) { return entry.timeline == timeline; });
    };
    WalPlan plan;
    std::optional<WalSegment> start;
    for (const WalBackup& backup : backups) {
        const auto segment = wal_segment(backup.start, per_log);
        if (!segment)
            continue;
        // Without its history nothing tells whether the newest timeline came from this backup's.
        if (chain.empty() && segment->timeline < newest.timeline)
            plan.missing_history = fmt::format("{:08X}.history", newest.timeline);
        if (!start && on_chain(segment->timeline))
            start = segment;
    }
    if (!chain.empty())
        plan.astray = astray(backups, newest, chain, per_log);
    if (!start)
        return plan;
    std::uint64_t first = start->number;
    for (const WalSwitch& entry : chain) {
        if (entry.timeline < start->timeline)
            continue;
        // The segment in which a timeline ends is complete on the next timeline only.
        const std::uint64_t next = entry.lsn / (kLogBytes / per_log);
        if (first < next)
            plan.ranges.push_back({entry.timeline, first, next - 1});
        first = std::max(first, next);
    }
    if (first <= newest.number)
        plan.ranges.push_back({newest.timeline, first, newest.number});
    return plan;
}

namespace {

/// What is expected after one segment and before another one.
std::vector<WalRange> between(WalSegment stop, WalSegment start, const std::vector<WalRange>& expected) {
    std::vector<WalRange> parts;
    for (WalRange part : expected) {
        if (part.timeline < stop.timeline || part.timeline > start.timeline)
            continue;
        std::uint64_t behind = part.last + 1;
        if (part.timeline == stop.timeline)
            part.first = std::max(part.first, stop.number + 1);
        if (part.timeline == start.timeline)
            behind = std::min(behind, start.number);
        if (part.first < behind)
            parts.push_back({part.timeline, part.first, behind - 1});
    }
    return parts;
}

} // namespace

std::size_t window_begin(const std::vector<WalBackup>& backups, const std::vector<WalRange>& gaps,
                         const std::vector<WalRange>& expected, std::uint64_t per_log,
                         const std::vector<WalRange>& unsure) {
    WalRanges may_grow;
    for (const WalRange& range : unsure)
        may_grow.add(range);
    std::size_t begin = 0;
    for (std::size_t i = 1; i < backups.size(); ++i) {
        const auto stop = wal_segment(backups[i - 1].stop, per_log);
        const auto start = wal_segment(backups[i].start, per_log);
        if (!stop || !start || start->timeline < stop->timeline)
            break;
        const std::vector<WalRange> parts = between(*stop, *start, expected);
        if (parts.empty())
            continue;
        const bool gone = std::ranges::all_of(
            parts, [&](const WalRange& part) { return std::ranges::find(gaps, part) != gaps.end(); });
        const bool may_be =
            std::ranges::any_of(parts, [&](const WalRange& part) { return !may_grow.within(part).empty(); });
        if (!gone && !may_be)
            break;
        begin = i;
    }
    return begin;
}

} // namespace recoverd::collectors
