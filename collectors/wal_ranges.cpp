// SPDX-License-Identifier: Apache-2.0
// A set of WAL segments, as ranges.
#include "collectors/wal_archive.hpp"

#include <algorithm>
#include <iterator>

namespace recoverd::collectors {

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

} // namespace recoverd::collectors
