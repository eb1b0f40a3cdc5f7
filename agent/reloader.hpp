// SPDX-License-Identifier: Apache-2.0
// When the configuration is read again, and that it is read by one at a time: on a signal, on request, or because its
// files changed. What comes of it is the daemon's business.
#pragma once

#include "agent/configuration.hpp"
#include "agent/published.hpp"
#include "io/blocking_pool.hpp"
#include "io/timers.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace recoverd::agent {

class Reloader {
  public:
    /// Called with the mistakes, or with nothing when the configuration was taken; may be empty.
    using Done = std::function<void(std::optional<std::string>)>;
    /// `begin` is called before each reading and one of the others after it, on the loop.
    struct Hooks {
        std::function<void()> begin;
        std::function<void(Configuration)> take;
        /// With every mistake on a line of its own, the first one first.
        std::function<void(const std::string& mistakes)> refuse;
        /// On a thread of the pool, which it may keep: what its caller did not wait for is dropped.
        std::function<Configuration(const std::string& file, const Touching& touching)> read = read_configuration;
    };
    /// `running` was read from `file` before.
    Reloader(io::Timers& timers, io::BlockingPool& pool, std::string file, const Loaded& running, Hooks hooks);

    /// Reads the files, or has them read once more by whoever is reading them now.
    io::Task<void> reload(Done done);
    /// Looks every `interval` whether the files changed, and reloads when they did. Runs for ever.
    io::Task<void> watch(core::Duration interval);

    /// Files that take longer hang: the configuration is refused, and nobody reads it again before that has ended.
    static constexpr core::Duration kReadWithin{30'000};

  private:
    io::Task<std::optional<std::string>> read();
    /// As a mistake, where it hangs as far as can be known.
    std::string hanging(const std::string& why) const;

    io::Timers& timers_;
    io::BlockingPool& pool_;
    std::string file_;
    Hooks hooks_;
    bool reading_ = false;
    /// Did the last reading not end in time?
    bool hung_ = false;
    /// What is looked at by whoever reads, or read last.
    std::shared_ptr<Published<std::string>> touched_ = std::make_shared<Published<std::string>>();
    std::vector<Done> waiting_;
    /// Of the configuration that was read last, taken or refused: what makes it another one.
    std::vector<std::string> watched_;
};

} // namespace recoverd::agent
