// SPDX-License-Identifier: Apache-2.0
// Starts a child process; may block as long as the file system of the program does.
#pragma once

#include "core/failure.hpp"
#include "io/fd.hpp"
#include "io/process.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace recoverd::io {

/// Programs that were killed and have not died: SIGKILL takes its time, for ever in a dead file system. From any
/// thread.
std::size_t killed_children();
/// With so many of them no program is started: each is a process of the machine. Of one command (arguments, folder and
/// input) it is one, once it should have died.
inline constexpr std::size_t kMostKilled = 64;

/// A child that is the leader of its process group, and ours to wait for. Going out of scope it is killed with its
/// group, and reaped by the next one to be started if that takes a while.
class Spawned {
  public:
    Spawned() = default;
    /// `command` is the hash of what it runs.
    Spawned(pid_t pid, std::size_t command) : pid_(pid), command_(command) {}
    Spawned(Spawned&& other) noexcept;
    Spawned& operator=(Spawned&& other) noexcept;
    ~Spawned();

    /// SIGKILL to the group. Safe as long as the leader was not reaped: until then its number is nobody else's.
    void kill_group();
    /// True when it has ended; tells how without reaping it.
    bool ended(Finished& how) const;
    /// Reaps it if it has ended.
    bool reap();

    Fd pidfd;
    /// Our ends of the pipes, not blocking; no `in` without input.
    Fd in;
    Fd out;
    Fd err;

  private:
    pid_t pid_ = 0;
    std::size_t command_ = 0;
    /// Among the killed.
    std::optional<std::uint64_t> killed_;
};

/// What the child of `command` finds in its environment: "NAME=value". On the loop's thread; spawn() may hang in
/// another, where ours must not be read while somebody sets a variable.
std::vector<std::string> environment_of(const Command& command);

/// Fails with `timed_out` while the same command, killed before, does not die; with `unreachable` while too many do
/// not.
core::Result<Spawned> spawn(const Command& command, std::vector<std::string> environment);

} // namespace recoverd::io
