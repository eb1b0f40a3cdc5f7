// SPDX-License-Identifier: Apache-2.0
// The immutable result of evaluation: the only thing that exporters see.
#pragma once

#include "core/lifecycle.hpp"
#include "core/memory.hpp"
#include "core/pages.hpp"
#include "core/rules/readiness.hpp"
#include "core/rules/rules.hpp"
#include "core/rules/scenarios.hpp"
#include "core/validation.hpp"
#include "core/verdict.hpp"

#include <memory>
#include <string>
#include <vector>

namespace recoverd::core {

struct CheckSnapshot {
    std::shared_ptr<const Check> check;
    /// Shared with the engine; never null.
    std::shared_ptr<const CheckMemory> memory = std::make_shared<const CheckMemory>();
    /// The asset of each subject, in the order of `memory->subjects`; empty for none.
    std::vector<std::string> subject_assets;
    /// Pending, firing, and resolved within kResolvedRetention.
    std::vector<Alert> alerts;
    /// Did it run since the agent started? Before that its evidence is from before the restart.
    bool fresh = false;
    /// Its reports since the agent started.
    std::uint64_t reports = 0;
};

struct AssetSnapshot {
    Asset asset;
    Verdict verdict;
    std::vector<Alert> alerts;
    std::vector<ExerciseDue> due;
    std::vector<std::string> checks;

    bool operator==(const AssetSnapshot&) const = default;
};

struct ScenarioSnapshot {
    /// In the snapshot's configuration.
    Scenario scenario;
    struct Group {
        std::string name;
        Decision decision;
        OutageHistory outages;
    };
    std::vector<Group> groups;
    /// Where it was asked for.
    std::optional<Readiness> readiness;
    std::vector<Alert> alerts;
};

struct ValidationSnapshot {
    Validation validation;
    ValidationMemory memory;
    std::vector<Alert> alerts;
};

/// The four words of the status page, in rising order of badness.
enum class Status : std::uint8_t { operational, degraded, partial_outage, major_outage };
template <>
struct Names<Status> {
    static constexpr std::array<std::string_view, 4> values{"operational", "degraded", "partial_outage",
                                                            "major_outage"};
};

struct Snapshot {
    Time made_at;
    /// Rises with every publication.
    std::uint64_t sequence = 0;
    std::shared_ptr<const Config> config = std::make_shared<const Config>();
    Pages<CheckSnapshot> checks;
    Pages<AssetSnapshot> assets;
    /// In the order of their names.
    std::vector<std::shared_ptr<const ScenarioSnapshot>> scenarios;
    std::vector<std::shared_ptr<const ValidationSnapshot>> validations;
    /// About targets that several checks share, and about the agent itself.
    std::vector<Alert> other_alerts;
    /// Of the alerts above, by state (pending, firing) and priority.
    std::array<std::array<std::uint64_t, 4>, 2> alert_counts{};
    Status status = Status::operational;
};

/// Every alert of a snapshot.
template <class Visit>
void for_each_alert(const Snapshot& snapshot, Visit&& visit) {
    snapshot.checks.for_each([&](const CheckSnapshot& check) {
        for (const Alert& alert : check.alerts)
            visit(alert);
    });
    snapshot.assets.for_each([&](const AssetSnapshot& asset) {
        for (const Alert& alert : asset.alerts)
            visit(alert);
    });
    for (const auto& scenario : snapshot.scenarios)
        for (const Alert& alert : scenario->alerts)
            visit(alert);
    for (const auto& validation : snapshot.validations)
        for (const Alert& alert : validation->alerts)
            visit(alert);
    for (const Alert& alert : snapshot.other_alerts)
        visit(alert);
}

} // namespace recoverd::core
