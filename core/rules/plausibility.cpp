// SPDX-License-Identifier: Apache-2.0
#include "core/rules/plausibility.hpp"

#include "core/rules/threshold.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <ranges>

namespace recoverd::core {

namespace {

/// More are not named: one wrong clock dates every point ahead.
constexpr std::size_t kNamed = 2;

struct Doubts {
    Time looked_at;
    Duration tolerance;
    std::vector<std::string> said;
    /// Of the date that is furthest ahead.
    Duration ahead{0};

    void say(std::string doubt) { said.push_back(std::move(doubt)); }
    void date(std::optional<Time> at, std::string_view what) {
        if (!at || *at <= looked_at + tolerance)
            return;
        ahead = std::max(ahead, *at - looked_at);
        say(fmt::format("{} is dated {} ahead, {} allowed", what, in_words(*at - looked_at), in_words(tolerance)));
    }
};

void doubt(const RecoveryPoints& points, Doubts& doubts) {
    for (const RecoveryPoint& point : points.points | std::views::reverse)
        doubts.date(std::max(point.data_at, point.ended_at), fmt::format("backup {}", point.id));
    if (points.count < points.points.size())
        doubts.say(fmt::format("{} backups listed, {} counted", points.points.size(), points.count));
}

void doubt(const LogArchive& archive, Doubts& doubts) {
    doubts.date(archive.newest_at, "the newest recoverable moment");
    if (archive.oldest_at && archive.newest_at && *archive.oldest_at > *archive.newest_at + doubts.tolerance)
        doubts.say(fmt::format("the oldest recoverable moment is {} younger than the newest",
                               in_words(*archive.oldest_at - *archive.newest_at)));
}

void doubt(const Exercise& run, Doubts& doubts) {
    doubts.date(run.ended_at ? run.ended_at : run.started_at, fmt::format("{} {}", run.exercise, run.id));
    if (run.started_at && run.ended_at && *run.ended_at < *run.started_at)
        doubts.say(fmt::format("{} {} ended before it began", run.exercise, run.id));
}

void doubt(const Measurement& measurement, Doubts& doubts) {
    if (std::isnan(measurement.value))
        doubts.say(fmt::format("{} is not a number", measurement.name));
}

template <class Other>
void doubt(const Other& /*holds nothing that could contradict itself*/, Doubts& /*doubts*/) {}

} // namespace

void judge_plausibility(const SubjectView& view, Judgement& out) {
    constexpr RuleId kId = RuleId::evidence_implausible;
    const std::vector<Threshold> steps = thresholds(view.policy, kId, *rule(kId).over);
    const Threshold& least = *std::ranges::min_element(steps, {}, &Threshold::over);
    Doubts doubts{{}, as_duration(least.over), {}, {}};
    for (const Evidence& evidence : *view.seen.evidence) {
        doubts.looked_at = view.seen.learned_of(kind_of(evidence));
        std::visit([&](const auto& kind) { doubt(kind, doubts); }, evidence);
    }
    if (doubts.said.empty())
        return;
    const std::size_t more = doubts.said.size() > kNamed ? doubts.said.size() - kNamed : 0;
    const std::string named = join_reasons(std::span(doubts.said).first(doubts.said.size() - more));
    add(out, view.policy,
        make_finding(view, kId, crossed(steps, to_seconds(doubts.ahead)).value_or(least).priority,
                     more > 0 ? fmt::format("{}; {} more", named, more) : named));
}

} // namespace recoverd::core
