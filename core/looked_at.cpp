// SPDX-License-Identifier: Apache-2.0
#include "core/looked_at.hpp"

#include <string_view>

namespace recoverd::core {

namespace {

void add_all(Share& to, const Share& share) {
    to.by_check = to.by_check || share.by_check;
    to.by_subject = to.by_subject || share.by_subject;
    to.by_pattern = to.by_pattern || share.by_pattern;
    to.looked.insert(share.looked.begin(), share.looked.end());
    to.told.insert(share.told.begin(), share.told.end());
}

/// What only a pattern matches may never be seen: it takes nothing from who is named, and brings the same.
Share without(Share share, const Share& named) {
    for (auto* kinds : {&share.looked, &share.told})
        std::erase_if(*kinds,
                      [&](EvidenceKind kind) { return named.looked.contains(kind) || named.told.contains(kind); });
    return share;
}

} // namespace

LookedAt::LookedAt(const Config& config) {
    for (const auto& check : config.checks) {
        add(check->asset, *check, &Share::by_check);
        for (const auto& [subject, asset] : check->asset_map)
            add(asset, *check, &Share::by_subject);
        for (const SubjectOverride& over : check->subjects)
            add(over.asset, *check, &Share::by_subject);
    }
}

Shares LookedAt::at(const std::string& asset) const {
    const auto at = by_name_.find(asset);
    const Shares named = at == by_name_.end() ? Shares{} : at->second;
    Shares shares = named;
    for (const auto& [pattern, matching] : by_pattern_)
        if (glob_matches(pattern, asset))
            for (const Scope scope : {Scope::node, Scope::cluster})
                add_all(shares.of(scope), without(matching.of(scope), named.of(the_other(scope))));
    return shares;
}

void LookedAt::add(std::string asset, const Check& check, bool Share::* how) {
    if (asset.empty())
        return;
    constexpr std::string_view kSubject = "{subject}";
    const auto at = asset.find(kSubject);
    if (at != std::string::npos) {
        asset.replace(at, kSubject.size(), "*");
        how = &Share::by_pattern;
    }
    Share& share = (at == std::string::npos ? by_name_ : by_pattern_)[asset].of(check.scope);
    share.*how = true;
    (check.looks() ? share.looked : share.told).insert(check.brings.begin(), check.brings.end());
}

} // namespace recoverd::core
