// SPDX-License-Identifier: Apache-2.0
#include "exporters/page/plots.hpp"

#include "core/config/values.hpp"
#include "core/rules/points.hpp"
#include "core/rules/rules.hpp"
#include "core/rules/threshold.hpp"
#include "exporters/page/markup.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::exporters::page {

namespace {

constexpr std::size_t kMostMarks = 40;
constexpr double kWidth = 280;
constexpr double kHeight = 44;

std::vector<BackupMark> good_points(const core::RecoveryPoints& points) {
    std::vector<BackupMark> marks;
    for (const core::RecoveryPoint& point : points.points)
        if (point.state == core::PointState::good)
            marks.push_back({point.data_at, point.size_bytes});
    std::ranges::sort(marks, {}, &BackupMark::at);
    if (marks.size() > kMostMarks)
        marks.erase(marks.begin(), marks.end() - kMostMarks);
    return marks;
}

/// Places a moment and a value in the picture; both from 0 to 1.
std::string place(double x, double y) { return fmt::format("{:.3g},{:.3g}", x * kWidth, (1 - y) * kHeight); }

class Picture {
  public:
    Picture(core::Time from, core::Time to)
        : from_(from), span_(core::to_seconds(std::max(to - from, core::Duration{1}))) {}
    double x(core::Time at) const { return std::clamp(core::to_seconds(at - from_) / span_, 0.0, 1.0); }

  private:
    core::Time from_;
    double span_;
};

std::string svg(std::string_view label, std::string_view body) {
    return fmt::format(
        "<svg role=\"img\" aria-label=\"{}\" viewBox=\"0 -2 {} {}\" preserveAspectRatio=\"none\">{}</svg>", label,
        kWidth, kHeight + 4, body);
}

/// How old the newest backup was: it grows until the next one is of a later moment.
std::string ages(const Backups& backups, core::Time now) {
    const Picture picture{backups.marks.front().at, now};
    double most = backups.threshold ? core::to_seconds(*backups.threshold) : 1;
    std::vector<std::pair<core::Time, core::Duration>> corners;
    for (std::size_t i = 0; i < backups.marks.size(); ++i) {
        const core::Time until =
            i + 1 < backups.marks.size() ? backups.marks[i + 1].at : std::max(now, backups.marks[i].at);
        corners.emplace_back(backups.marks[i].at, core::Duration{0});
        corners.emplace_back(until, until - backups.marks[i].at);
        most = std::max(most, core::to_seconds(until - backups.marks[i].at));
    }
    std::string line;
    for (const auto& [at, age] : corners)
        line += (line.empty() ? "" : " ") + place(picture.x(at), core::to_seconds(age) / most);
    std::string body = fmt::format("<polyline class=\"line\" points=\"{}\"/>", line);
    std::string label = fmt::format("age of the newest backup, now {}",
                                    core::in_words(std::max(now - backups.marks.back().at, core::Duration{0})));
    if (backups.threshold) {
        const double y = core::to_seconds(*backups.threshold) / most;
        body += fmt::format("<polyline class=\"limit\" points=\"{} {}\"/>", place(0, y), place(1, y));
        label += ", too old from " + core::in_words(*backups.threshold);
    }
    return svg(label, body);
}

std::string size_words(double bytes) { return core::config::format_size(static_cast<std::uint64_t>(bytes)); }

std::string sizes(const Backups& backups, core::Time now) {
    const Picture picture{backups.marks.front().at, now};
    std::uint64_t largest = 0;
    for (const BackupMark& mark : backups.marks)
        largest = std::max(largest, mark.bytes.value_or(0));
    if (largest == 0)
        return {};
    const double most = std::max(static_cast<double>(largest), backups.usual ? backups.usual->second : 0.0);
    // One path for all of them, from the bottom up.
    std::string bars;
    for (const BackupMark& mark : backups.marks)
        if (mark.bytes)
            bars += fmt::format("M{}V{:.3g}", place(picture.x(mark.at), 0),
                                (1 - static_cast<double>(*mark.bytes) / most) * kHeight);
    const auto& newest = backups.marks.back().bytes;
    std::string label = fmt::format("size of each backup, at most {}{}", core::config::format_size(largest),
                                    newest ? ", the newest " + core::config::format_size(*newest) : "");
    std::string body = fmt::format("<path class=\"bar\" d=\"{}\"/>", bars);
    if (backups.usual) {
        const auto& [least, greatest] = *backups.usual;
        for (const double limit : {least, greatest})
            body += fmt::format("<polyline class=\"limit\" points=\"{} {}\"/>", place(0, limit / most),
                                place(1, limit / most));
        label += fmt::format(", usual are {} to {}", size_words(least), size_words(greatest));
    }
    return svg(label, body);
}

/// By how much the newest may differ from what is usual, in bytes.
std::optional<std::pair<double, double>> usual_sizes(const core::SubjectMemory& seen,
                                                     const core::RecoveryPoints& points, std::optional<double> over) {
    const auto newest = std::ranges::find(points.points.rbegin(), points.points.rend(), core::PointState::good,
                                          &core::RecoveryPoint::state);
    if (newest == points.points.rend() || !over)
        return std::nullopt;
    const auto usual = core::usual_size(seen, points.method, *newest);
    if (!usual || *usual <= 0)
        return std::nullopt;
    return std::pair{*usual * std::max(0.0, 1 - *over), *usual * (1 + *over)};
}

} // namespace

BackupsByAsset backups_by_asset(const core::Snapshot& snapshot) {
    std::map<std::string_view, const core::Asset*> assets;
    snapshot.assets.for_each([&](const core::AssetSnapshot& asset) { assets.emplace(asset.asset.name, &asset.asset); });
    BackupsByAsset all;
    snapshot.checks.for_each([&](const core::CheckSnapshot& check) {
        std::size_t i = 0;
        for (const auto& [subject, seen] : check.memory->subjects) {
            const std::size_t at = i++;
            if (at >= check.subject_assets.size() || check.subject_assets[at].empty())
                continue;
            for (const core::Evidence& evidence : *seen.evidence) {
                const auto* points = std::get_if<core::RecoveryPoints>(&evidence);
                if (!points)
                    continue;
                auto marks = good_points(*points);
                Backups& known = all[check.subject_assets[at]];
                if (marks.size() <= known.marks.size())
                    continue;
                const auto found = assets.find(check.subject_assets[at]);
                const core::Asset* asset = found == assets.end() ? nullptr : found->second;
                const auto threshold = core::first_threshold(*check.check, asset, core::RuleId::backup_too_old);
                known.marks = std::move(marks);
                known.usual = usual_sizes(
                    seen, *points, core::first_threshold(*check.check, asset, core::RuleId::backup_size_anomaly));
                known.threshold = threshold ? std::optional{core::as_duration(*threshold)} : std::nullopt;
            }
        }
    });
    return all;
}

const Backups& backups_of(const BackupsByAsset& all, std::string_view asset) {
    static const Backups kNone;
    const auto at = all.find(asset);
    return at == all.end() ? kNone : at->second;
}

void write_plots(std::string& out, const Backups& backups, core::Time now) {
    constexpr std::size_t kFewest = 3;
    if (backups.marks.size() < kFewest)
        return;
    const std::string old =
        backups.threshold ? fmt::format(" (too old from {}, dashed)", core::in_words(*backups.threshold)) : "";
    const std::string usual = backups.usual
                                  ? fmt::format(" (usual from {} to {}, dashed)", size_words(backups.usual->first),
                                                size_words(backups.usual->second))
                                  : "";
    out += fmt::format("<figure><figcaption>Age{} and size{} of backups since {}</figcaption>{}{}</figure>\n", old,
                       usual, time_only(backups.marks.front().at), ages(backups, now), sizes(backups, now));
}

} // namespace recoverd::exporters::page
