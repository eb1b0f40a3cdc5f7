// SPDX-License-Identifier: Apache-2.0
// A fleet as it may well be, of any size: ten checks to an asset, of backups, databases, pages, certificates and
// numbers; all is well with nearly all of it.
#pragma once

#include "core/engine/engine.hpp"

#include <cstddef>

namespace recoverd::bench {

/// 2026-11-22T03:00:00Z
inline constexpr core::Time kBegin{std::chrono::seconds{1'795'316'400}};

class Fleet {
  public:
    /// Every check has reported once.
    explicit Fleet(std::size_t checks);

    std::size_t checks() const { return config_->checks.size(); }
    const std::string& name(std::size_t check) const { return config_->checks[check]->name; }
    /// What the check sees at `at`; other figures each time.
    core::Report report(std::size_t check, core::Time at) const;
    /// All that one report sets off in the agent.
    void learn(std::size_t check, core::Time at);
    /// Every check reports, and a snapshot is taken.
    core::Snapshot round(core::Time at);

    core::Engine engine{kBegin - core::kDay};

  private:
    std::shared_ptr<const core::Config> config_;
};

} // namespace recoverd::bench
