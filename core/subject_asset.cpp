// SPDX-License-Identifier: Apache-2.0
// Which asset a subject of a check belongs to, and which policy counts for it.
#include "core/config.hpp"

namespace recoverd::core {

namespace {

std::string replace_subject(const std::string& pattern, std::string_view subject) {
    constexpr std::string_view kPlaceholder = "{subject}";
    const auto at = pattern.find(kPlaceholder);
    if (at == std::string::npos)
        return pattern;
    return pattern.substr(0, at) + std::string{subject} + pattern.substr(at + kPlaceholder.size());
}

} // namespace

std::string asset_of(const Check& check, std::string_view subject) {
    for (const SubjectOverride& over : check.subjects)
        if (!over.asset.empty() && glob_matches(over.match, subject))
            return over.asset;
    if (const auto at = check.asset_map.find(std::string{subject}); at != check.asset_map.end())
        return at->second;
    return replace_subject(check.asset, subject);
}

Policy policy_of(const Check& check, std::string_view subject, const Asset* asset) {
    Policy policy = asset && asset->name != check.asset ? asset->policy.overlaid(check.own_policy) : check.policy;
    for (const SubjectOverride& over : check.subjects)
        if (glob_matches(over.match, subject))
            policy = policy.overlaid(over.policy);
    return policy;
}

} // namespace recoverd::core
