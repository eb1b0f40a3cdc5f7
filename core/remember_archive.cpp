// SPDX-License-Identifier: Apache-2.0
// What a writer said it had archived, and when. A repository is looked at less often, so it can only be held against
// what was said before it was looked at: that needs some history, and less of it the older it is.
#include "core/remember_parts.hpp"

#include <algorithm>

namespace recoverd::core {

namespace {

constexpr std::size_t kSegmentName = 24;

/// The segment's own name, of names as `…0003.00000028.backup` too; empty for a timeline's history.
std::string segment_of(const std::string& name) {
    const std::string segment = name.substr(0, kSegmentName);
    const bool hex =
        segment.size() == kSegmentName && segment.find_first_not_of("0123456789ABCDEF") == std::string::npos;
    return hex ? segment : std::string{};
}

/// Every second one of the older half goes: the distance between two marks grows with their age.
void thin(std::vector<ArchivedMark>& marks) {
    std::size_t index = 0;
    const std::size_t half = marks.size() / 2;
    std::erase_if(marks, [&](const ArchivedMark&) {
        const std::size_t i = index++;
        return i < half && i % 2 == 1;
    });
}

} // namespace

void remember_archive(SubjectMemory& seen, const LogArchive& archive, const Learned& learned) {
    const std::string segment = segment_of(archive.last_segment);
    if (archive.from_repository || segment.empty())
        return;
    if (!seen.archived.empty() && seen.archived.back().segment == segment)
        return;
    seen.archived.push_back({segment, learned.looked_at});
    if (seen.archived.size() > kMaxMarks)
        thin(seen.archived);
}

} // namespace recoverd::core
