// SPDX-License-Identifier: Apache-2.0
// What those who report from elsewhere must show: the secret of `[outcomes]`, read again while the agent runs, so that
// a new one counts without a reload.
#pragma once

#include "agent/published.hpp"
#include "io/world.hpp"

#include <functional>
#include <string>

namespace recoverd::agent {

class OutcomeToken {
  public:
    /// `warn` gets a line when the secret cannot be had; each once.
    OutcomeToken(io::World& world, std::function<void(const std::string&)> warn)
        : world_(world), warn_(std::move(warn)) {}

    /// Another configuration. Until its secret was read, nobody elsewhere may report.
    void use(core::config::SecretRef ref);
    io::Task<void> read();
    /// Reads it again and again, until it is cancelled.
    io::Task<void> run();
    /// Any thread. Empty: nobody may.
    std::string get() const { return *token_.get(); }

    /// A secret that was changed counts this late.
    static constexpr core::Duration kReadEvery{10'000};

  private:
    io::World& world_;
    std::function<void(const std::string&)> warn_;
    core::config::SecretRef ref_;
    std::string warned_;
    Published<std::string> token_;
};

} // namespace recoverd::agent
