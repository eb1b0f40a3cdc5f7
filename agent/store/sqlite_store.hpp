// SPDX-License-Identifier: Apache-2.0
// The store on SQLite: one file, one thread, write-ahead log, synchronous=FULL. A damaged or foreign file is set aside
// under another name and a new one begun; a disk that refuses is a failure of the commit, not of the agent.
#pragma once

#include "agent/store/store.hpp"

#include <memory>
#include <string>

namespace recoverd::agent {

/// `directory` must exist; the file is `recoverd.db` in it. Does not touch the disk before `load`. Whoever waits for an
/// answer may leave: what is being written then goes on, and what has not been begun never is. Going out of scope it
/// waits a moment for the disk, not for ever.
std::unique_ptr<Store> make_sqlite_store(std::string directory);

} // namespace recoverd::agent
