// SPDX-License-Identifier: Apache-2.0
// Where the scan of a WAL archive stands: what was looked at, what was missing, what to look at next.
#include "collectors/wal_archive.hpp"

#include <algorithm>
#include <iterator>

namespace recoverd::collectors {

namespace {

constexpr core::Duration kSettling = std::chrono::minutes{2};
// Whole directories that each run lists again.
constexpr std::size_t kSecondLooks = 4;
// A cursor stays small even when every other segment of a large archive is gone.
constexpr std::size_t kMaxRangesKept = 2'000;

WalSegment first_of(const WalRange& range) { return {range.timeline, range.first}; }
WalSegment last_of(const WalRange& range) { return {range.timeline, range.last}; }

} // namespace

void WalRanges::add(const WalRange& range) {
    WalRange merged = range;
    auto at = ranges_.upper_bound(first_of(range));
    if (at != ranges_.begin()) {
        const auto before = std::prev(at);
        if (before->first.timeline == range.timeline && before->second + 1 >= range.first)
            at = before;
    }
    while (at != ranges_.end() && at->first.timeline == range.timeline && at->first.number <= merged.last + 1) {
        merged.first = std::min(merged.first, at->first.number);
        merged.last = std::max(merged.last, at->second);
        at = ranges_.erase(at);
    }
    ranges_.emplace(first_of(merged), merged.last);
}

void WalRanges::remove(const WalRange& range) {
    for (const WalRange& part : within(range)) {
        const auto whole = std::prev(ranges_.upper_bound(first_of(part)));
        const auto [first, last] = *whole;
        ranges_.erase(whole);
        if (first.number < part.first)
            ranges_.emplace(first, part.first - 1);
        if (part.last < last)
            ranges_.emplace(WalSegment{part.timeline, part.last + 1}, last);
    }
}

bool WalRanges::covers(const WalRange& range) const {
    const auto after = ranges_.upper_bound(first_of(range));
    if (after == ranges_.begin())
        return false;
    const auto before = std::prev(after);
    return before->first.timeline == range.timeline && before->second >= range.last;
}

std::vector<WalRange> WalRanges::within(const WalRange& range) const {
    std::vector<WalRange> parts;
    auto at = ranges_.upper_bound(first_of(range));
    if (at != ranges_.begin())
        --at;
    for (; at != ranges_.end() && at->first <= last_of(range); ++at)
        if (at->first.timeline == range.timeline && at->second >= range.first)
            parts.push_back(
                {range.timeline, std::max(at->first.number, range.first), std::min(at->second, range.last)});
    return parts;
}

std::vector<WalRange> WalRanges::all() const {
    std::vector<WalRange> every;
    every.reserve(ranges_.size());
    for (const auto& [first, last] : ranges_)
        every.push_back({first.timeline, first.number, last});
    return every;
}

void WalScan::begin(std::string archive_id, std::uint64_t per_log) {
    if (archive_id != archive_id_ || per_log != per_log_)
        *this = WalScan{};
    archive_id_ = std::move(archive_id);
    per_log_ = per_log;
}

void WalScan::expect(std::vector<WalRange> ranges, std::set<std::string, std::less<>> directories) {
    ranges_ = std::move(ranges);
    directories_ = std::move(directories);
    WalRanges seen;
    WalRanges missing;
    for (const WalRange& range : ranges_) {
        for (const WalRange& part : seen_.within(range))
            seen.add(part);
        for (const WalRange& part : missing_.within(range))
            missing.add(part);
    }
    seen_ = std::move(seen);
    missing_ = std::move(missing);
}

std::vector<WalScan::Part> WalScan::parts(std::vector<WalRange>* nowhere) const {
    std::vector<Part> parts;
    for (const WalRange& range : ranges_) {
        // Only directories that exist are walked: a name from elsewhere could make the range as long as it likes.
        std::uint64_t next = range.first;
        for (auto at = directories_.lower_bound(wal_name(first_of(range), per_log_).substr(0, 16));
             at != directories_.end() && next <= range.last; ++at) {
            const auto begins = wal_segment(*at + "00000000", per_log_);
            if (!begins || begins->timeline != range.timeline || begins->number > range.last)
                break;
            if (nowhere && next < begins->number)
                nowhere->push_back({range.timeline, next, begins->number - 1});
            const std::uint64_t ends = begins->number + per_log_ - 1;
            parts.push_back({*at, {range.timeline, std::max(begins->number, range.first), std::min(ends, range.last)}});
            next = ends + 1;
        }
        if (nowhere && next <= range.last)
            nowhere->push_back({range.timeline, next, range.last});
    }
    return parts;
}

std::vector<std::string> WalScan::wanted(std::size_t most) {
    const auto expected = parts();
    std::vector<std::string> chosen;
    const auto choose = [&](const std::string& directory) {
        if (chosen.size() < most && std::find(chosen.begin(), chosen.end(), directory) == chosen.end())
            chosen.push_back(directory);
    };
    if (expected.empty())
        return chosen;
    choose(expected.back().directory);
    // Places are kept for second looks, or a long first scan would starve them.
    const std::size_t kept = std::min(most, chosen.size() + kSecondLooks);
    const auto second_look = [&](bool from_start) {
        for (const Part& part : expected)
            if (chosen.size() < kept && (from_start || part.directory > again_) && seen_.covers(part.range) &&
                part.directory != expected.back().directory) {
                choose(part.directory);
                again_ = part.directory;
            }
    };
    second_look(false);
    second_look(true);
    for (auto part = expected.rbegin(); part != expected.rend() && chosen.size() < most; ++part)
        if (!seen_.covers(part->range))
            choose(part->directory);
    for (auto part = expected.rbegin(); part != expected.rend() && chosen.size() < most; ++part)
        if (!missing_.within(part->range).empty())
            choose(part->directory);
    return chosen;
}

void WalScan::listed(const std::string& directory, const std::map<WalSegment, core::Time>& segments, core::Time now) {
    for (const auto& [segment, time] : segments) {
        times_[segment] = time;
        if (time + kSettling <= now)
            settled_ = std::max(settled_, segment);
    }
    for (const Part& part : parts()) {
        if (part.directory != directory)
            continue;
        seen_.add(part.range);
        missing_.remove(part.range);
        for (std::uint64_t number = part.range.first; number <= part.range.last; ++number)
            if (!segments.contains({part.range.timeline, number}))
                missing_.add({part.range.timeline, number, number});
    }
}

std::vector<WalRange> WalScan::gaps() const {
    WalRanges gone;
    std::vector<WalRange> nowhere;
    parts(&nowhere);
    for (const WalRange& range : nowhere)
        gone.add(range);
    for (const WalRange& range : missing_.all())
        gone.add(range);
    auto gaps = gone.all();
    std::erase_if(gaps, [&](const WalRange& gap) { return first_of(gap) > settled_; });
    return gaps;
}

std::optional<WalSegment> WalScan::newest() const {
    return times_.empty() ? std::nullopt : std::optional{times_.rbegin()->first};
}

std::optional<core::Time> WalScan::reachable_until(WalSegment from) const {
    auto end = times_.end();
    for (const WalRange& gap : gaps())
        if (last_of(gap) >= from) {
            end = times_.lower_bound(first_of(gap));
            if (end == times_.begin() || std::prev(end)->first.number + 1 != gap.first)
                return std::nullopt;
            break;
        }
    if (end == times_.begin())
        return std::nullopt;
    return std::prev(end)->second;
}

bool WalScan::whole() const {
    const auto expected = parts();
    return std::all_of(expected.begin(), expected.end(), [&](const Part& part) { return seen_.covers(part.range); });
}

void WalScan::write(io::JsonWriter& out) const {
    auto missing = missing_.all();
    WalRanges seen = seen_;
    if (missing.size() > kMaxRangesKept) {
        // Holes that are not kept must be found again, so what was seen up to there is forgotten too.
        const auto kept = missing.end() - static_cast<std::ptrdiff_t>(kMaxRangesKept);
        const WalSegment until = first_of(*kept);
        missing.erase(missing.begin(), kept);
        for (const WalRange& range : seen_.all())
            if (range.timeline < until.timeline)
                seen.remove(range);
            else if (range.timeline == until.timeline && range.first < until.number)
                seen.remove({range.timeline, range.first, std::min(range.last, until.number - 1)});
    }
    const auto write_ranges = [&](std::string_view key, const std::vector<WalRange>& ranges) {
        out.key(key).begin_array();
        for (const WalRange& range : ranges)
            out.value(wal_name(first_of(range), per_log_) + wal_name(last_of(range), per_log_));
        out.end_array();
    };
    out.begin_object().field("archive", archive_id_).field("per_log", per_log_);
    write_ranges("seen", seen.all());
    write_ranges("missing", missing);
    out.field("settled", wal_name(settled_, per_log_)).field("again", again_).end_object();
}

void WalScan::read(const io::Json& json) {
    *this = WalScan{};
    archive_id_ = json["archive"].text();
    per_log_ = json["per_log"].natural();
    if (per_log_ == 0 || per_log_ > kMaxSegmentsPerLog)
        json["per_log"].bad("a number of segments");
    const auto read_ranges = [&](const io::Json& array, WalRanges& ranges) {
        for (const io::Json& item : array.items()) {
            const std::string_view text{item.text()};
            const auto first = wal_segment(text, per_log_);
            const auto last = wal_segment(text.substr(std::min<std::size_t>(24, text.size())), per_log_);
            if (!first || !last || first->timeline != last->timeline || first->number > last->number)
                item.bad("the names of two segments of one timeline");
            ranges.add({first->timeline, first->number, last->number});
        }
    };
    read_ranges(json["seen"], seen_);
    read_ranges(json["missing"], missing_);
    settled_ = wal_segment(json["settled"].text(), per_log_).value_or(WalSegment{});
    again_ = json["again"].text();
}

} // namespace recoverd::collectors
