// SPDX-License-Identifier: Apache-2.0
// What a rule gets to see. Rules are pure functions of it; each says when it wants to be asked again.
#pragma once

#include "core/config.hpp"
#include "core/finding.hpp"
#include "core/memory.hpp"

#include <map>
#include <span>
#include <string>

namespace recoverd::core {

/// What a repository was last seen to hold of a database's log.
struct HeldArchive {
    const LogArchive* archive;
    /// When that look began.
    Time asked_at;
};

/// One subject of one check.
struct SubjectView {
    const Check& check;
    const CheckMemory& memory;
    std::string_view subject;
    const SubjectMemory& seen;
    /// Empty when the subject belongs to no asset.
    std::string_view asset_name;
    /// nullptr when it belongs to none.
    const Asset* asset;
    const Policy& policy;
    /// The newest good recovery point of any check of the asset, this one included: the greatest of what
    /// `newest_good_now` (rules/points.hpp) says of its subjects.
    std::optional<Time> asset_newest_good;
    /// What repositories of the same database hold, for the writer's side (see rules/log_archive.cpp).
    std::span<const HeldArchive> repositories;
    Time now;
    /// When each exercise of the asset ended last, whichever subject it was; nullptr where it belongs to none.
    const std::map<std::string, Time, std::less<>>* last_ends = nullptr;
};

/// One subject that brings evidence for an asset. A check that is configured for the asset and has seen nothing of it
/// yet stands here too, without `seen`.
struct Contributor {
    const Check* check;
    std::string_view subject;
    /// nullptr before the check has seen it.
    const SubjectMemory* seen;
    const CheckMemory* memory;
};

/// A whole asset, for what only shows over all its checks.
struct AssetView {
    const Asset& asset;
    Time first_seen;
    std::span<const Contributor> contributors;
    std::span<const PlannedExercise> planned;
    /// What is being found right now of its checks, and of scenarios and validations that are its own.
    std::span<const Finding> findings;
    Time now;
    /// Scenarios from which it must be recoverable and is not, as far as anybody can tell, and why: "scenario region:
    /// no usable recovery point is known in region eu-west-1".
    std::span<const std::string> unready = {};
};

/// A finding of `id` about this subject, with the rule's hold and priority as the policy has them.
Finding make_finding(const SubjectView& view, RuleId id, Priority priority, std::string reason);
Finding make_finding(const AssetView& view, RuleId id, Priority priority, std::string reason);

/// "orders/standby1": a thing inside a subject, named as a subject of its own.
std::string join_subject(std::string_view subject, std::string_view item);

} // namespace recoverd::core
