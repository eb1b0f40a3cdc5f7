// SPDX-License-Identifier: Apache-2.0
// A disk that can hang: whoever asks it to keep something waits, as in uninterruptible sleep. Replaces fsync() and
// fdatasync() of libc in this test program.
#pragma once

#include <cstdint>

namespace recoverd::test {

class HangingDisk {
  public:
    HangingDisk();
    /// Everybody goes on.
    ~HangingDisk();
    HangingDisk(const HangingDisk&) = delete;
    HangingDisk& operator=(const HangingDisk&) = delete;

    /// How many wait now.
    int waiting() const;
};

/// How often the disk was asked to keep something, and did.
std::uint64_t kept_by_disk();

} // namespace recoverd::test
