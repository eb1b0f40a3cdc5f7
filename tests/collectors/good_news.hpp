// SPDX-License-Identifier: Apache-2.0
// What in a report would be read as good: whoever tells it of garbage, or of a backup that failed, is falsely green.
#pragma once

#include "collectors/collector.hpp"
#include "core/assertion.hpp"

#include <fmt/format.h>

#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace recoverd::test {

struct GoodNews {
    core::EvidenceKind kind;
    /// For whoever reads the failed test.
    std::string words;
};

/// Within what somebody asked of it; a figure that nobody judges is no news.
inline bool is_in_range(const core::Measurement& seen) {
    const bool within = (!seen.above || seen.value <= *seen.above) && (!seen.below || seen.value >= *seen.below);
    return (seen.above || seen.below) && within != seen.inverted;
}

/// A fingerprint is none: a new value is a finding.
inline std::vector<std::string> good_in(const core::Evidence& evidence) {
    std::vector<std::string> words;
    std::visit(
        [&words]<class T>(const T& seen) {
            if constexpr (std::is_same_v<T, core::RecoveryPoints>) {
                for (const auto& point : seen.points)
                    if (point.state == core::PointState::good)
                        words.push_back(fmt::format("good point '{}'", point.id));
            } else if constexpr (std::is_same_v<T, core::LogArchive>) {
                if (seen.newest_at)
                    words.emplace_back("a newest moment to go back to");
            } else if constexpr (std::is_same_v<T, core::Replication>) {
                for (const auto& follower : seen.followers)
                    if (follower.state == core::FollowerState::streaming)
                        words.push_back(fmt::format("'{}' follows", follower.name));
            } else if constexpr (std::is_same_v<T, core::Exercise>) {
                if (seen.outcome == core::ExerciseOutcome::passed)
                    words.push_back(fmt::format("exercise '{}' passed", seen.exercise));
            } else if constexpr (std::is_same_v<T, core::Reachability>) {
                if (seen.state == core::ReachState::up)
                    words.push_back(fmt::format("'{}' is up", seen.target));
            } else if constexpr (std::is_same_v<T, core::Assertions>) {
                for (const auto& assertion : seen.assertions)
                    if (core::state_of(assertion) == core::AssertionState::holds)
                        words.push_back(fmt::format("'{}' holds: {}", assertion.name, assertion.actual.value_or("")));
            } else if constexpr (std::is_same_v<T, core::Measurement>) {
                if (is_in_range(seen))
                    words.push_back(fmt::format("measured '{}': {}", seen.name, seen.value));
            }
        },
        evidence);
    return words;
}

/// All of it; empty for a run that failed.
inline std::vector<GoodNews> good_news(const collectors::Collected& seen) {
    std::vector<GoodNews> news;
    if (!seen)
        return news;
    for (const auto& subject : seen->subjects)
        for (const auto& evidence : subject.evidence)
            for (const auto& words : good_in(evidence))
                news.push_back({core::kind_of(evidence),
                                fmt::format("{} of '{}'", words.substr(0, 200), subject.subject.substr(0, 60))});
    return news;
}

} // namespace recoverd::test
