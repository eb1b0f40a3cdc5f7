// SPDX-License-Identifier: Apache-2.0
// What is told to systemd, and got from it. Without systemd all of it does nothing.
#pragma once

#include "core/snapshot.hpp"
#include "io/timers.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace recoverd::agent {

/// The verdict in the one line that `systemctl status` has room for.
std::string status_line(const core::Snapshot& snapshot);

/// Keeps that line as it should be.
class StatusLine {
  public:
    /// systemd takes the start, or the reload, for done.
    void ready(const core::Snapshot& snapshot);
    /// Tells it when it is another one, and nothing before the start is done.
    void show(const core::Snapshot& snapshot);

  private:
    std::string shown_;
};

void tell_reloading();
void tell_stopping();
void ping_watchdog();

/// Feeds a watchdog every `interval`, and while `is_stuck` says so not at all. Runs for ever. What holds up the loop
/// starves it as well.
io::Task<void> feed_watchdog(io::Timers& timers, core::Duration interval, std::function<bool()> is_stuck,
                             std::function<void()> feed);

/// How often the watchdog wants a ping (half of WATCHDOG_USEC); nothing when it is not watching this process.
std::optional<core::Duration> watchdog_interval();
/// Sockets that systemd opened for us (LISTEN_FDS).
std::vector<int> inherited_sockets();

} // namespace recoverd::agent
