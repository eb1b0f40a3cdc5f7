// SPDX-License-Identifier: Apache-2.0
// A dead network file system below /slow/: while it is slow, open() and exec of anything there take their time, as they
// would in uninterruptible sleep. Replaces the calls of libc in this test program.
#pragma once

#include "core/time.hpp"

namespace recoverd::test {

class SlowFileSystem {
  public:
    explicit SlowFileSystem(core::Duration each_call);
    ~SlowFileSystem();
    SlowFileSystem(const SlowFileSystem&) = delete;
    SlowFileSystem& operator=(const SlowFileSystem&) = delete;
};

/// Nobody who was killed dies, as in uninterruptible sleep: waitpid() of whoever does not wait finds them alive.
class Undying {
  public:
    Undying();
    ~Undying();
    Undying(const Undying&) = delete;
    Undying& operator=(const Undying&) = delete;
};

} // namespace recoverd::test
