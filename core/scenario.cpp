// SPDX-License-Identifier: Apache-2.0
#include "core/scenario.hpp"

#include "core/config.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::core {

namespace {

bool any_matches(const std::vector<std::string>& patterns, std::string_view text) {
    return patterns.empty() ||
           std::ranges::any_of(patterns, [&](const std::string& pattern) { return glob_matches(pattern, text); });
}

bool matches(const std::string& pattern, std::string_view text) {
    return pattern.empty() || glob_matches(pattern, text);
}

/// Can this check's evidence lead to a finding of that rule? Otherwise it would count as unknown for ever.
bool can_find(const Check& check, RuleId id) {
    const auto kinds = kinds_of(id);
    return check.looks() &&
           (kinds.empty() || std::ranges::any_of(kinds, [&](EvidenceKind kind) { return check.may_bring(kind); }));
}

} // namespace

std::size_t Quorum::of(std::size_t members) const {
    switch (kind) {
    case Kind::all:
        break;
    case Kind::count:
        return value;
    case Kind::percent:
        return std::max<std::size_t>(1, (members * value + 99) / 100);
    }
    return std::max<std::size_t>(1, members);
}

bool decides(const Scenario& scenario, const Check& check) {
    if (!scenario.is_decided())
        return false;
    if (std::ranges::none_of(scenario.when, [&](RuleId id) { return can_find(check, id); }))
        return false;
    return any_matches(scenario.checks, check.name) && std::ranges::all_of(scenario.labels, [&](const auto& label) {
               const auto at = check.labels.find(label.first);
               return at != check.labels.end() && glob_matches(label.second, at->second);
           });
}

bool is_decided_by_probes(const Scenario& scenario, const Check& check) {
    return scenario.decided_by(RuleId::endpoint_down) && std::ranges::all_of(scenario.when, [&](RuleId id) {
               return id == RuleId::endpoint_down || !can_find(check, id);
           });
}

bool counts(const Scenario& scenario, const Check& check, std::string_view subject, std::string_view asset,
            const Location& stands) {
    return decides(scenario, check) && any_matches(scenario.subjects, subject) && any_matches(scenario.assets, asset) &&
           stands_in(scenario.location, stands);
}

bool stands_in(const Location& place, const Location& stands) {
    return matches(place.node, stands.node) && matches(place.zone, stands.zone) &&
           matches(place.region, stands.region) && matches(place.role, stands.role);
}

bool recovers(const Scenario& scenario, std::string_view asset) {
    return !scenario.recovers.empty() && any_matches(scenario.recovers, asset);
}

std::optional<std::string> group_of(const Scenario& scenario, const Check& check, std::string_view subject,
                                    std::string_view asset, const Location& stands) {
    if (scenario.by.empty())
        return std::string{};
    std::string group;
    if (scenario.by == "node")
        group = stands.node;
    else if (scenario.by == "zone")
        group = stands.zone;
    else if (scenario.by == "region")
        group = stands.region;
    else if (scenario.by == "role")
        group = stands.role;
    else if (scenario.by == "asset")
        group = asset;
    else if (scenario.by == "subject")
        group = subject.empty() ? check.name : fmt::format("{}/{}", check.name, subject);
    else if (const auto at = check.labels.find(scenario.by); at != check.labels.end())
        group = at->second;
    return group.empty() ? std::nullopt : std::optional{std::move(group)};
}

Location stands_at(const Check& check, const Location& seen) {
    const auto either = [](const std::string& first, const std::string& second) {
        return first.empty() ? second : first;
    };
    return {either(seen.node, check.location.node), either(seen.zone, check.location.zone),
            either(seen.region, check.location.region), either(seen.role, check.location.role)};
}

} // namespace recoverd::core
