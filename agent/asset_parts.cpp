// SPDX-License-Identifier: Apache-2.0
#include "agent/asset_parts.hpp"

#include <set>

namespace recoverd::agent {

using core::EvidenceKind;
using core::Scope;
using core::the_other;

bool AssetParts::has(Scope scope) const {
    return share(scope).may_see() || (scope == Scope::cluster && !share(Scope::node).is_named());
}

bool AssetParts::is_certain(Scope scope) const {
    if (scope == Scope::node)
        return share(Scope::node).by_check;
    return share(Scope::cluster).is_named() || !share(Scope::node).is_named();
}

core::Asset AssetParts::part(core::Asset asset, Scope scope) const {
    if (!is_split())
        return asset;
    asset.elsewhere = elsewhere(scope);
    asset.may_be_nowhere = !is_certain(the_other(scope));
    if (asset.is_elsewhere(EvidenceKind::exercise)) {
        asset.objectives.restore_test_every.reset();
        asset.objectives.rto.reset();
    }
    // One that only a pattern matches brings nothing that others are named for, and sees it all the same.
    const bool others_are_named =
        !share(scope).is_named() && shares_.brings(the_other(scope), EvidenceKind::recovery_points);
    if (shares_.may_be_outreached(scope) || others_are_named)
        asset.objectives.rpo.reset();
    return asset;
}

bool AssetParts::tells_readiness(const core::Asset& asset, Scope scope) const {
    if (!is_split() || !part(asset, scope).is_seen_elsewhere())
        return has(scope);
    const std::set<EvidenceKind>& looked = share(scope).looked;
    return asset.objectives.backups ? looked.contains(EvidenceKind::recovery_points) : !looked.empty();
}

/// Who misses what nobody brings.
Scope AssetParts::of_the_rest() const { return is_certain(Scope::cluster) ? Scope::cluster : Scope::node; }

/// Checks that are told of exercises come before those that look for them.
int AssetParts::hears_of_proofs(Scope scope) const {
    if (!share(scope).is_named())
        return 0;
    return share(scope).told.contains(EvidenceKind::exercise)     ? 2
           : share(scope).looked.contains(EvidenceKind::exercise) ? 1
                                                                  : 0;
}

Scope AssetParts::scope_of_proofs() const {
    if (told_in_)
        return *told_in_;
    if (of_the_rest() == Scope::node)
        return Scope::node;
    return hears_of_proofs(Scope::node) > hears_of_proofs(Scope::cluster) ? Scope::node : Scope::cluster;
}

std::vector<EvidenceKind> AssetParts::elsewhere(Scope scope) const {
    std::vector<EvidenceKind> kinds;
    for (std::size_t i = 0; i < core::Names<EvidenceKind>::values.size(); ++i) {
        const auto kind = static_cast<EvidenceKind>(i);
        const bool is_theirs =
            kind == EvidenceKind::exercise
                ? scope_of_proofs() != scope
                : shares_.brings(the_other(scope), kind) || (scope != of_the_rest() && !shares_.brings(scope, kind));
        if (is_theirs)
            kinds.push_back(kind);
    }
    return kinds;
}

} // namespace recoverd::agent
