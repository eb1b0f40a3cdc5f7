// SPDX-License-Identifier: Apache-2.0
// Who may come to see which asset, and what checks of each scope may bring of it: as a configuration tells it, before
// anything was seen.
#pragma once

#include "core/config.hpp"

#include <array>
#include <map>
#include <set>
#include <string>

namespace recoverd::core {

/// What checks of one scope may bring of an asset.
struct Share {
    /// Is it the asset of a check, that of subjects of one (`asset_map`, `[[check.X.subject]]`), or does only a
    /// `{subject}` match it, which may never be seen?
    bool by_check = false;
    bool by_subject = false;
    bool by_pattern = false;
    /// Brought by those that look, and by those that are told.
    std::set<EvidenceKind> looked;
    std::set<EvidenceKind> told;

    bool is_named() const { return by_check || by_subject; }
    bool may_see() const { return is_named() || by_pattern; }
};

/// Those of both scopes.
struct Shares {
    std::array<Share, Names<Scope>::values.size()> by_scope;

    Share& of(Scope scope) { return by_scope[static_cast<std::size_t>(scope)]; }
    const Share& of(Scope scope) const { return by_scope[static_cast<std::size_t>(scope)]; }
    /// Is this kind for agents of the scope to bring? Who is only told need never be told of what the others look at.
    bool brings(Scope scope, EvidenceKind kind) const {
        return of(scope).looked.contains(kind) ||
               (of(scope).told.contains(kind) && !of(the_other(scope)).looked.contains(kind));
    }
    /// Do they see backups of it that logs or backups which the others see may reach beyond? Then neither can tell how
    /// much would be lost.
    bool may_be_outreached(Scope scope) const {
        const Scope others = the_other(scope);
        return brings(scope, EvidenceKind::recovery_points) &&
               (brings(others, EvidenceKind::recovery_points) || brings(others, EvidenceKind::log_archive));
    }
};

/// There may be thousands of checks and of assets. Most checks name theirs; only patterns have to be tried one by one.
class LookedAt {
  public:
    explicit LookedAt(const Config& config);
    Shares at(const std::string& asset) const;

  private:
    void add(std::string asset, const Check& check, bool Share::* how);

    std::map<std::string, Shares> by_name_;
    std::map<std::string, Shares> by_pattern_;
};

} // namespace recoverd::core
