// SPDX-License-Identifier: Apache-2.0
// What agents of each scope have of one asset, and what they judge of it.
#pragma once

#include "core/looked_at.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace recoverd::agent {

class AssetParts {
  public:
    /// `told_in`: whose agents hear of its restore tests, where a check says so.
    AssetParts(core::Shares shares, std::optional<core::Scope> told_in)
        : shares_(std::move(shares)), told_in_(told_in) {}

    /// One that only checks of nodes name is theirs alone. Any other is the cluster's as well, though a node may come
    /// to see it: what nobody sees somebody has to say.
    bool has(core::Scope scope) const;
    /// Is it there from the beginning, or once it is seen? A node knows of one that is named by subjects only when it
    /// sees one. Of the cluster there is one agent, which sees all that there is.
    bool is_certain(core::Scope scope) const;
    /// What agents of this scope judge of it.
    core::Asset part(core::Asset asset, core::Scope scope) const;
    /// Do agents of this scope tell whether it could be recovered from a scenario? Those that see what decides it do.
    bool tells_readiness(const core::Asset& asset, core::Scope scope) const;

  private:
    const core::Share& share(core::Scope scope) const { return shares_.of(scope); }
    bool is_split() const { return has(core::Scope::node) && has(core::Scope::cluster); }
    core::Scope of_the_rest() const;
    int hears_of_proofs(core::Scope scope) const;
    core::Scope scope_of_proofs() const;
    std::vector<core::EvidenceKind> elsewhere(core::Scope scope) const;

    core::Shares shares_;
    std::optional<core::Scope> told_in_;
};

} // namespace recoverd::agent
