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

} // namespace

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
    std::vector<WalRange> nowhere;
    parts(&nowhere);
    // Directories that were there. Whoever removed them may have gone on in those beside them, as `expire` does.
    std::erase_if(nowhere, [&](const WalRange& range) { return seen_.within(range).empty(); });
    for (const WalRange& gone : nowhere) {
        seen_.remove(gone);
        look_again(beside(gone).before);
        look_again(beside(gone).behind);
    }
}

WalScan::Ends WalScan::beside(const WalRange& range) const {
    Ends ends;
    const auto one = std::ranges::find(ranges_, range.timeline, &WalRange::timeline);
    if (one == ranges_.end())
        return ends;
    if (range.first > one->first)
        ends.before = {range.timeline, range.first - 1};
    else if (one != ranges_.begin())
        ends.before = last_of(*std::prev(one));
    if (range.last < one->last)
        ends.behind = {range.timeline, range.last + 1};
    else if (std::next(one) != ranges_.end())
        ends.behind = first_of(*std::next(one));
    return ends;
}

bool WalScan::is_seen(const std::optional<WalSegment>& segment) const {
    return segment && seen_.covers({segment->timeline, segment->number, segment->number});
}

void WalScan::look_again(const std::optional<WalSegment>& segment) {
    if (segment)
        seen_.remove({segment->timeline, segment->number, segment->number});
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
    const std::set<WalSegment> ends = unseen_ends();
    for (auto part = expected.rbegin(); part != expected.rend(); ++part)
        if (const auto end = ends.lower_bound(first_of(part->range)); end != ends.end() && *end <= last_of(part->range))
            choose(part->directory);
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
        const auto is_new = [&](std::uint64_t number) {
            const std::uint32_t timeline = part.range.timeline;
            return !segments.contains({timeline, number}) && !missing_.covers({timeline, number, number});
        };
        // A hole that came since the last look, and goes on in the next directory maybe, which was seen before it came.
        if (is_new(part.range.first))
            look_again(beside(part.range).before);
        if (is_new(part.range.last))
            look_again(beside(part.range).behind);
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

std::vector<WalRange> WalScan::unsure() const {
    std::vector<WalRange> found;
    const std::vector<WalRange> all = gaps();
    for (auto first = all.begin(); first != all.end();) {
        // Over a promotion a hole is one in each timeline.
        auto last = first;
        while (std::next(last) != all.end() && beside(*last).behind == first_of(*std::next(last)))
            ++last;
        const auto before = beside(*first).before;
        const auto behind = beside(*last).behind;
        if ((before && !is_seen(before)) || (behind && !is_seen(behind)))
            found.insert(found.end(), first, std::next(last));
        first = std::next(last);
    }
    return found;
}

std::set<WalSegment> WalScan::unseen_ends() const {
    std::set<WalSegment> ends;
    for (const WalRange& hole : unsure())
        for (const auto& end : {beside(hole).before, beside(hole).behind})
            if (end && !is_seen(end))
                ends.insert(*end);
    return ends;
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
