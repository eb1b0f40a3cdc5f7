// SPDX-License-Identifier: Apache-2.0
// Where scratch folders come from.
#pragma once

#include "io/blocking_pool.hpp"
#include "io/scratch.hpp"

#include <memory>
#include <string>

namespace recoverd::io {

/// Makes scratch folders on a pool, and removes them there. Going out of scope it waits, but not for ever, until all
/// that were let go of are gone: a process that looks once and ends shall leave nothing.
class ScratchFolders {
  public:
    explicit ScratchFolders(BlockingPool& pool);
    ~ScratchFolders();
    ScratchFolders(const ScratchFolders&) = delete;
    ScratchFolders& operator=(const ScratchFolders&) = delete;

    /// A new, empty folder below `parent` that only this user may enter.
    Task<core::Result<Scratch>> make(std::string parent);

  private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace recoverd::io
