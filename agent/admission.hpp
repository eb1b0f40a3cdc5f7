// SPDX-License-Identifier: Apache-2.0
// Who may run now: a limit per resource, first come first served, and of each limit at most half for checks that timed
// out the last time, so that what hangs can never keep out what works.
#pragma once

#include "collectors/collector.hpp"

#include <array>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>

namespace recoverd::agent {

class Admission {
  public:
    /// By collectors::Resource: network, process, worker.
    using Limits = std::array<std::size_t, 3>;
    /// What one host stands at a time.
    static constexpr Limits kUsual{512, 4, 2};
    explicit Admission(Limits limits) : limits_(limits) {}

    /// True when it may start; else it waits in line and is answered by `leave`.
    bool enter(const std::string& name, collectors::Resource resource, bool slow);
    /// One is done; the one that may start instead, if any.
    std::optional<std::string> leave(collectors::Resource resource, bool slow);
    /// It no longer wants to run.
    void withdraw(std::string_view name);

    std::size_t running(collectors::Resource resource) const { return lane(resource).running; }
    std::size_t waiting() const;

  private:
    struct Waiting {
        std::string name;
        bool slow = false;
    };
    struct Lane {
        std::size_t running = 0;
        std::size_t slow = 0;
        std::deque<Waiting> waiting;
    };
    Lane& lane(collectors::Resource resource) { return lanes_[static_cast<std::size_t>(resource)]; }
    const Lane& lane(collectors::Resource resource) const { return lanes_[static_cast<std::size_t>(resource)]; }
    bool has_room(const Lane& lane, std::size_t limit, bool slow) const;

    Limits limits_;
    std::array<Lane, 3> lanes_;
};

} // namespace recoverd::agent
