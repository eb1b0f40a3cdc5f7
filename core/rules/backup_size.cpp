// SPDX-License-Identifier: Apache-2.0
// BackupSizeAnomaly: does the newest point hold about as much as the ones before it?
//
// Like is compared with like: points of one subject, one method and one type, by their logical size, the newest with
// the median of up to ten before it. Fewer than three before it are no measure. Differentials and incrementals are not
// compared at all: their size says how much changed, which a quiet night, a new full or a large import moves by any
// factor without anything being wrong; what they build on is a full, and that is compared.
//
// A steadily growing source never fires, even where the median lags far behind: a point is accepted when it is within
// the threshold of each of the three before it. By the same rule a new level (a schema dropped, a customer imported)
// is reported for the point that brought it and two more, and then taken for what it is.
#include "core/rules/backups.hpp"
#include "core/rules/points.hpp"
#include "core/rules/threshold.hpp"

#include "core/config/values.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <ranges>
#include <set>

namespace recoverd::core {

namespace {

constexpr std::size_t kCompared = 10;
constexpr std::size_t kFewest = 3;
constexpr std::size_t kNewLevelAfter = 3;
/// Below this a difference says nothing: small dumps double because of one row.
constexpr double kFloor = 1024.0 * 1024;
/// A collapse is reported of smaller ones too: `dump | gzip` of nothing leaves 20 bytes where there were 20 KiB.
constexpr double kCollapse = -0.9;
constexpr double kCollapseFloor = 4096;

/// Sizes of the points before `point` that are comparable with it, newest first.
std::vector<double> sizes_before(const SubjectMemory& seen, const std::string& method, const RecoveryPoint& point) {
    std::vector<double> sizes;
    sizes.reserve(kCompared);
    for (const PastPoint& past : seen.past_points | std::views::reverse)
        if (past.method == method && past.backup_type == point.backup_type && past.ended_at < point.ended_at &&
            past.size_bytes && sizes.size() < kCompared)
            sizes.push_back(static_cast<double>(*past.size_bytes));
    return sizes;
}

double median(std::vector<double> sizes) {
    std::ranges::sort(sizes);
    const std::size_t middle = sizes.size() / 2;
    return sizes.size() % 2 == 1 ? sizes[middle] : (sizes[middle - 1] + sizes[middle]) / 2;
}

double change(double from, double to) {
    if (from > 0)
        return to / from - 1;
    return to > 0 ? HUGE_VAL : 0;
}

struct Anomaly {
    double change;
    double size;
    double usual;
};

/// The newest point's change against its predecessors, when it is one worth judging.
std::optional<Anomaly> compare(const SubjectMemory& seen, const std::string& method, const RecoveryPoint& point,
                               double least_over) {
    const std::vector<double> before = sizes_before(seen, method, point);
    if (!point.size_bytes || before.size() < kFewest)
        return std::nullopt;
    const double size = static_cast<double>(*point.size_bytes);
    const bool new_level = std::ranges::all_of(before | std::views::take(kNewLevelAfter),
                                               [&](double past) { return std::abs(change(past, size)) <= least_over; });
    const double usual = median(before);
    const Anomaly found{change(usual, size), size, usual};
    const double floor = found.change <= kCollapse ? kCollapseFloor : kFloor;
    if (new_level || std::abs(size - usual) < floor)
        return std::nullopt;
    return found;
}

/// The newest good points that are compared: one of each type that holds everything.
std::vector<const RecoveryPoint*> newest_wholes(const RecoveryPoints& points) {
    std::vector<const RecoveryPoint*> wholes;
    std::set<std::string_view> types;
    for (const RecoveryPoint& point : points.points | std::views::reverse)
        if (point.state == PointState::good && !is_of_changes(point.backup_type) &&
            types.insert(point.backup_type).second)
            wholes.push_back(&point);
    return wholes;
}

/// The worst threshold crossed. A collapse is P2 by itself, unless the policy chose priorities.
std::optional<Threshold> judge_change(const Policy& policy, double change) {
    constexpr RuleId kId = RuleId::backup_size_anomaly;
    auto over = crossed(thresholds(policy, kId, *rule(kId).over), std::abs(change));
    const bool chosen =
        std::ranges::any_of(policy[kId].steps, [](const Step& step) { return step.priority.has_value(); });
    if (over && change <= kCollapse && !chosen)
        over->priority = std::min(over->priority, Priority::p2);
    return over;
}

double least_over(const Policy& policy) {
    constexpr RuleId kId = RuleId::backup_size_anomaly;
    const auto steps = thresholds(policy, kId, *rule(kId).over);
    return std::ranges::min(steps, {}, &Threshold::over).over;
}

std::string in_words(const Anomaly& found) {
    return fmt::format("newest backup is {:+.0f} % in size: {}, {} usual", found.change * 100,
                       config::format_size(static_cast<std::uint64_t>(found.size)),
                       config::format_size(static_cast<std::uint64_t>(found.usual)));
}

} // namespace

void judge_backup_size(const SubjectView& view, const RecoveryPoints& points, Judgement& out) {
    for (const RecoveryPoint* newest : newest_wholes(points)) {
        const auto found = compare(view.seen, points.method, *newest, least_over(view.policy));
        if (!found)
            continue;
        if (const auto over = judge_change(view.policy, found->change))
            add(out, view.policy,
                make_finding(view, RuleId::backup_size_anomaly, over->priority,
                             fmt::format("{}, {:.0f} % allowed", in_words(*found), over->over * 100)));
    }
}

std::optional<double> usual_size(const SubjectMemory& seen, const std::string& method, const RecoveryPoint& point) {
    if (!point.size_bytes || is_of_changes(point.backup_type))
        return std::nullopt;
    const std::vector<double> before = sizes_before(seen, method, point);
    return before.size() < kFewest ? std::nullopt : std::optional{median(before)};
}

std::optional<double> size_change(const SubjectMemory& seen, const std::string& method, const RecoveryPoint& point) {
    const auto usual = usual_size(seen, method, point);
    return usual ? std::optional{change(*usual, static_cast<double>(*point.size_bytes))} : std::nullopt;
}

} // namespace recoverd::core
