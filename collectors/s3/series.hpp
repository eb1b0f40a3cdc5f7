// SPDX-License-Identifier: Apache-2.0
// What listings say of each subject, gathered page by page: of any number of objects only the newest are kept.
#pragma once

#include "collectors/s3/listing.hpp"
#include "collectors/s3/pattern.hpp"
#include "core/evidence.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace recoverd::collectors::s3_parts {

struct Series {
    /// The newest, in no order; trimmed() has them sorted.
    std::vector<Entry> newest;
    std::uint64_t count = 0;
    /// LastModified of the oldest that is no smaller than it must be.
    std::optional<core::Time> oldest_at;
    /// Of one object's versions: is the latest a delete marker?
    bool deleted = false;
};

/// Each is judged, remembered and told by itself.
inline constexpr std::size_t kMaxSeries = 1'000;

class Gathering {
  public:
    Gathering(KeyPattern pattern, std::uint64_t min_size);

    void add(Page page);
    /// By subject. Without {subject} there is always one, empty when nothing was found.
    const std::map<std::string, Series, std::less<>>& series() const { return series_; }
    /// Were there more of them than kMaxSeries? Then some are left out.
    bool too_many() const { return too_many_; }

  private:
    void add(Entry entry, const std::string& subject);

    KeyPattern pattern_;
    std::uint64_t min_size_;
    std::map<std::string, Series, std::less<>> series_;
    bool too_many_ = false;
};

/// The newest, which alone is asked what only an object itself tells. There must be one.
const Entry& newest_of(const Series& series);

/// The newest 200, oldest first.
std::vector<Entry> trimmed(std::vector<Entry> entries);

} // namespace recoverd::collectors::s3_parts
