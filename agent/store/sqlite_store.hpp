// SPDX-License-Identifier: Apache-2.0
// The store on SQLite: one file, one thread, write-ahead log, synchronous=FULL. A damaged or foreign file is set aside
// under another name and a new one begun; a disk that refuses is a failure of the commit, not of the agent.
#pragma once

#include "agent/store/store.hpp"

#include <memory>
#include <string>

namespace recoverd::agent {

/// Loops whose coroutines wait for it must outlive it: its thread answers there.
/// `directory` must exist; the file is `recoverd.db` in it. Does not touch the
/// disk before `load`.
std::unique_ptr<Store> make_sqlite_store(std::string directory);

} // namespace recoverd::agent
