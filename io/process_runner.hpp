// SPDX-License-Identifier: Apache-2.0
// Runs child processes on the loop.
#pragma once

#include "io/blocking_pool.hpp"
#include "io/process.hpp"
#include "io/timers.hpp"

namespace recoverd::io {

/// Runs `command` in a process group of its own and brings back how it ended; a status other than 0 is an answer too.
/// When it times out, writes too much or its caller leaves, the whole group gets SIGKILL. So does what is left of the
/// group once the program itself has ended: nothing of a run outlives it, and a descendant that keeps the pipes open is
/// waited for half a second. Fails with `misconfigured` when there is no such program.
Task<Result<Finished>> run_process(Timers& timers, BlockingPool& pool, Command command);

} // namespace recoverd::io
