// SPDX-License-Identifier: Apache-2.0
#include "collectors/s3/series.hpp"

#include "core/backup_names.hpp"

#include <algorithm>

namespace recoverd::collectors::s3_parts {

namespace {

/// By time, then by name, so that two runs agree.
bool older(const Entry& one, const Entry& other) {
    if (one.last_modified != other.last_modified)
        return one.last_modified < other.last_modified;
    // The latest version of an object that was written twice in a second is the newer one.
    if (one.latest != other.latest)
        return other.latest;
    return std::tie(one.key, one.version_id) < std::tie(other.key, other.version_id);
}

/// "folder/", which consoles and mounts leave behind, and what lies beside backups that a pattern fits: none.
bool is_beside(const Entry& entry, const KeyPattern& pattern) {
    return (entry.size == 0 && entry.key.ends_with('/')) || (!pattern.names_objects() && core::is_companion(entry.key));
}

} // namespace

const Entry& newest_of(const Series& series) { return *std::ranges::max_element(series.newest, older); }

std::vector<Entry> trimmed(std::vector<Entry> entries) {
    if (entries.size() > core::kMaxPoints) {
        const auto first = entries.end() - static_cast<std::ptrdiff_t>(core::kMaxPoints);
        std::nth_element(entries.begin(), first, entries.end(), older);
        entries.erase(entries.begin(), first);
    }
    std::ranges::sort(entries, older);
    return entries;
}

Gathering::Gathering(KeyPattern pattern, std::uint64_t min_size) : pattern_(std::move(pattern)), min_size_(min_size) {
    if (!pattern_.has_subject())
        series_.try_emplace("");
}

void Gathering::add(Page page) {
    for (Entry& entry : page.entries) {
        const auto subject = pattern_.subject_of(entry.key);
        if (subject && !is_beside(entry, pattern_)) {
            const std::string name{*subject}; // the entry that it points into is moved
            add(std::move(entry), name);
        }
    }
}

void Gathering::add(Entry entry, const std::string& subject) {
    const auto known = series_.find(subject);
    if (known == series_.end() && series_.size() == kMaxSeries) {
        too_many_ = true;
        return;
    }
    Series& series = known != series_.end() ? known->second : series_[subject];
    if (entry.delete_marker) {
        series.deleted |= entry.latest;
        return;
    }
    ++series.count;
    if (entry.size >= min_size_ && (!series.oldest_at || entry.last_modified < *series.oldest_at))
        series.oldest_at = entry.last_modified;
    series.newest.push_back(std::move(entry));
    if (series.newest.size() > 2 * core::kMaxPoints)
        series.newest = trimmed(std::move(series.newest));
}

} // namespace recoverd::collectors::s3_parts
