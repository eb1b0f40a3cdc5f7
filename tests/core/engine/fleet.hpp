// SPDX-License-Identifier: Apache-2.0
// Small configurations and reports for tests of the engine.
#pragma once

#include "core/engine/engine.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace recoverd::core::fleet {

using Texts = std::vector<std::string>;

inline constexpr Time kNow{std::chrono::seconds{1'795'316'400}};

inline Asset asset(std::string name) {
    Asset made;
    made.name = std::move(name);
    made.objectives.backup_every = 1h;
    made.objectives.since = kNow - 365 * kDay;
    return made;
}

inline Check backups_of(std::string name, std::string asset) {
    Check check;
    check.name = std::move(name);
    check.asset = std::move(asset);
    check.collector = "pgbackrest";
    check.every = 1min;
    check.brings = {EvidenceKind::recovery_points, EvidenceKind::log_archive};
    check.fingerprint = "pgbackrest " + check.name;
    return check;
}

inline Check probe(std::string name, std::string target) {
    Check check;
    check.name = std::move(name);
    check.collector = "tcp";
    check.every = 30s;
    check.target = std::move(target);
    check.brings = {EvidenceKind::reachability};
    check.probes = true;
    check.fingerprint = "tcp " + check.name;
    return check;
}

struct Fleet {
    Config config;

    Fleet& with(const Asset& made) {
        config.assets[made.name] = made;
        return *this;
    }
    Fleet& with(const Check& made) {
        config.checks.push_back(std::make_shared<const Check>(made));
        return *this;
    }
    std::shared_ptr<const Config> done() const { return std::make_shared<const Config>(config); }
};

/// How long each look takes that ends at the moment of its report.
inline constexpr Duration kTook{10};

inline Report report(Time at, std::vector<SubjectReport> subjects, bool complete = true) {
    Seen seen;
    seen.subjects = std::move(subjects);
    seen.complete = complete;
    return {at, kTook, std::move(seen)};
}

inline Report failure(Time at, FailureKind kind = FailureKind::unreachable) {
    return {at, kTook, failed(kind, "nobody answered")};
}

inline RecoveryPoint point(Time at, std::uint64_t size = 1'000'000'000) {
    RecoveryPoint made;
    made.id = std::to_string(to_unix_seconds(at));
    made.data_at = made.ended_at = at;
    made.size_bytes = size;
    made.backup_type = "full";
    made.depth = Depth::checksummed;
    return made;
}

inline SubjectReport points(std::string subject, const std::vector<Time>& at) {
    RecoveryPoints seen;
    seen.method = "pgbackrest";
    for (const Time when : at)
        seen.points.push_back(point(when));
    seen.count = at.size();
    if (!at.empty())
        seen.oldest_at = at.front();
    return {std::move(subject), {}, {seen}, {}};
}

inline SubjectReport reach(ReachState state, std::string target) {
    Reachability seen;
    seen.target = std::move(target);
    seen.state = state;
    seen.detail = state == ReachState::up ? "" : "connection refused";
    return {"", {}, {seen}, {}};
}

/// The names of alerts that fire, sorted, without the watchdog.
inline std::vector<std::string> firing(Engine& engine, Time now) {
    std::vector<std::string> names;
    for_each_alert(engine.snapshot(now), [&](const Alert& alert) {
        if (alert.state == AlertState::firing && alert.finding.identity.rule != RuleId::recoverd_watchdog)
            names.emplace_back(rule(alert.finding.identity.rule).name);
    });
    std::ranges::sort(names);
    return names;
}

/// Lets time pass as the agent would: from one moment that the engine asks for to the next.
inline void pass(Engine& engine, Time& now, Duration duration) {
    const Time until = now + duration;
    while (engine.next() <= until) {
        now = std::max(now, engine.next());
        engine.advance(now);
    }
    now = until;
}

} // namespace recoverd::core::fleet
