// SPDX-License-Identifier: Apache-2.0
// Starts a child process; may block as long as the file system of the program does.
#pragma once

#include "core/failure.hpp"
#include "io/fd.hpp"
#include "io/process.hpp"

#include <sys/types.h>

namespace recoverd::io {

/// A child that is the leader of its process group, and ours to wait for. Going out of scope it is killed with its
/// group, and reaped by the next one to be started if that takes a while.
class Spawned {
  public:
    Spawned() = default;
    explicit Spawned(pid_t pid) : pid_(pid) {}
    Spawned(Spawned&& other) noexcept;
    Spawned& operator=(Spawned&& other) noexcept;
    ~Spawned();

    /// SIGKILL to the group. Safe as long as the leader was not reaped: until then its number is nobody else's.
    void kill_group() const;
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
};

core::Result<Spawned> spawn(const Command& command);

} // namespace recoverd::io
