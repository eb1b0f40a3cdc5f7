// SPDX-License-Identifier: Apache-2.0
// One check that sees one subject of one asset, and what the rules say of it, so that a case is a few lines.
#pragma once

#include "core/remember.hpp"
#include "core/rules/points.hpp"
#include "core/rules/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace recoverd::core {

inline constexpr Time kNow = from_unix_seconds(1'795'000'000);
inline constexpr std::uint64_t kMiB = 1024 * 1024;

using Lines = std::vector<std::string>;

/// "P2 BackupTooOld: newest good …"; with what else identifies it, the subject only when it is a part of `subject`.
inline std::string line(const Finding& finding, std::string_view subject) {
    const Identity& id = finding.identity;
    std::string text = fmt::format("{} {}", name_of(finding.priority), rule(id.rule).name);
    if (!id.subject.empty() && id.subject != subject)
        text += " " + id.subject;
    for (const auto& [key, value] : {std::pair{"assertion", id.assertion},
                                     {"exercise", id.exercise},
                                     {"target", id.target},
                                     {"measurement", id.measurement}})
        if (!value.empty())
            text += fmt::format(" {}={}", key, value);
    return text + ": " + finding.reason;
}

inline Lines lines(const std::vector<Finding>& findings, std::string_view subject = {}) {
    Lines said;
    for (const Finding& finding : findings)
        said.push_back(line(finding, subject));
    return said;
}

struct Bench {
    Check check{.name = "backup", .asset = "db", .every = 1min};
    Asset asset{.name = "db"};
    CheckMemory memory{};
    std::string subject = "main";
    bool has_asset = true;
    std::optional<Time> asset_newest_good{};
    std::vector<HeldArchive> repositories{};
    Time now = kNow;

    Bench& sees(std::vector<Evidence> evidence) {
        remember(memory, check, {now, 1s, Seen{{{subject, {}, std::move(evidence), {}}}}});
        return *this;
    }
    Bench& sees_nothing_of_it(Failure failure) {
        remember(memory, check, {now, 1s, Seen{{{subject, {}, {}, std::move(failure)}}}});
        return *this;
    }
    Bench& answers(Seen seen) {
        remember(memory, check, {now, 1s, std::move(seen)});
        return *this;
    }
    Bench& fails(FailureKind kind = FailureKind::timed_out, std::string detail = "no answer in 30s") {
        remember(memory, check, {now, 1s, failed(kind, std::move(detail))});
        return *this;
    }
    Bench& after(Duration d) {
        now += d;
        return *this;
    }
    Bench& policy(RuleId id, std::vector<Step> steps) {
        check.policy[id].steps = std::move(steps);
        return *this;
    }
    SubjectMemory& seen() { return memory.subjects[subject]; }

    Judgement judged() {
        Judgement out;
        judge_subject({check, memory, subject, seen(), has_asset ? asset.name : "", has_asset ? &asset : nullptr,
                       check.policy, asset_newest_good, repositories, now},
                      out);
        return out;
    }
    Lines says() { return lines(judged().findings, subject); }
    /// What is said by one rule alone.
    Lines says(RuleId id) {
        Judgement out = judged();
        std::erase_if(out.findings, [&](const Finding& finding) { return finding.identity.rule != id; });
        return lines(out.findings, subject);
    }
};

/// When a rule first speaks if it is asked again only when it wants to be, and never otherwise; kNever when it does
/// not.
inline Time first_speaks(Bench bench, RuleId id, Priority at_least = Priority::p4) {
    for (int i = 0; i < 100; ++i) {
        const Judgement out = bench.judged();
        for (const Finding& finding : out.findings)
            if (finding.identity.rule == id && finding.priority <= at_least)
                return bench.now;
        if (out.revisit == kNever || out.revisit <= bench.now)
            return out.revisit == kNever ? kNever : Time{};
        bench.now = out.revisit;
    }
    return Time{};
}

/// A good point whose data is `age` old at `at`.
inline RecoveryPoint good(Duration age, std::string type = {}, Time at = kNow) {
    return {.id = fmt::format("{}{}", type, at - age == Time{} ? 0 : (at - age).time_since_epoch().count()),
            .data_at = at - age,
            .ended_at = at - age,
            .backup_type = std::move(type)};
}
inline RecoveryPoint sized(Duration age, std::uint64_t size, std::string type = {}, Time at = kNow) {
    RecoveryPoint point = good(age, std::move(type), at);
    point.size_bytes = size;
    return point;
}
inline RecoveryPoint in_state(RecoveryPoint point, PointState state, std::string detail = {}) {
    point.state = state;
    point.detail = std::move(detail);
    return point;
}
inline RecoveryPoint named(RecoveryPoint point, std::string id, std::vector<std::string> needs = {}) {
    point.id = std::move(id);
    point.needs = std::move(needs);
    return point;
}
/// All points there are, oldest first.
inline RecoveryPoints all(std::vector<RecoveryPoint> points) {
    RecoveryPoints made{.method = "dump", .points = std::move(points)};
    made.count = made.points.size();
    if (!made.points.empty())
        made.oldest_at = made.points.front().data_at;
    return made;
}

} // namespace recoverd::core
