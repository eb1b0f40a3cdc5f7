// SPDX-License-Identifier: Apache-2.0
// What the worker program is asked for `vault_snapshot`.
#pragma once

#include "collectors/collector.hpp"

#include <string>

namespace recoverd::collectors {

/// One request, whose body is proven as a snapshot and not kept.
struct SnapshotFetch {
    io::HttpRequest request;
    /// Folder on whose file system it lies meanwhile, without a name.
    std::string scratch;
    std::uint64_t max_size = 0;
};

/// Evidence of one exercise, or why there was nothing to judge.
Task<Collected> fetch_snapshot(io::World& world, SnapshotFetch fetch, Duration timeout);

/// Runs a job of the worker and reads what it says.
Task<Collected> ask_worker(io::World& world, std::string job, std::string input, Duration timeout);

} // namespace recoverd::collectors
