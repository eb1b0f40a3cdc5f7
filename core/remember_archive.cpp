// SPDX-License-Identifier: Apache-2.0
// What a writer said it had archived, and when. A repository is looked at less often, so it can only be held against
// what was said before it was looked at: that needs some history, and less of it the older it is.
#include "core/remember_parts.hpp"

#include <cmath>
#include <cstddef>

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

/// Drops the mark whose neighbours are closest to each other for their age: what is left lies the denser the younger.
/// The first and the last stay.
void thin(std::vector<ArchivedMark>& marks, Time now) {
    std::size_t least = 1;
    double least_loss = HUGE_VAL;
    for (std::size_t i = 1; i + 1 < marks.size(); ++i) {
        const double age = to_seconds(now - marks[i - 1].at) + 1;
        const double loss = to_seconds(marks[i + 1].at - marks[i - 1].at) / age;
        if (loss < least_loss) {
            least_loss = loss;
            least = i;
        }
    }
    marks.erase(marks.begin() + static_cast<std::ptrdiff_t>(least));
}

/// Is it of another database than the one that was seen here before (made anew, or upgraded)?
bool is_another(const SubjectMemory& seen, const LogArchive& archive) {
    bool known = false;
    for (const Evidence& evidence : *seen.evidence)
        if (const auto* before = std::get_if<LogArchive>(&evidence); before && !before->from_repository) {
            if (before->system_id == archive.system_id)
                return false;
            known = true;
        }
    return known;
}

} // namespace

void remember_archive(SubjectMemory& seen, const LogArchive& archive, const Learned& learned) {
    if (archive.from_repository)
        return;
    if (is_another(seen, archive))
        seen.archived.clear();
    const std::string segment = segment_of(archive.last_segment);
    if (segment.empty())
        return;
    if (!seen.archived.empty() && seen.archived.back().segment == segment)
        return;
    seen.archived.push_back({segment, learned.looked_at});
    if (seen.archived.size() > kMaxMarks)
        thin(seen.archived, learned.looked_at);
}

} // namespace recoverd::core
