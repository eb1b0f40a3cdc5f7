// SPDX-License-Identifier: Apache-2.0
#include "tests/agent/store/slow_disk.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>

namespace recoverd::test {

namespace {

struct Gate {
    std::mutex mutex;
    std::condition_variable opened;
    bool closed = false;
    int waiting = 0;
    std::uint64_t passed = 0;

    void pass() {
        std::unique_lock lock{mutex};
        ++waiting;
        opened.wait(lock, [&] { return !closed; });
        --waiting;
        ++passed;
    }
    void close(bool shall_be) {
        const std::lock_guard lock{mutex};
        closed = shall_be;
        opened.notify_all();
    }
};

Gate& gate() {
    static Gate& only = *new Gate; // outlives every thread
    return only;
}

} // namespace

HangingDisk::HangingDisk() { gate().close(true); }

HangingDisk::~HangingDisk() { gate().close(false); }

// NOLINTNEXTLINE(readability-convert-member-functions-to-static): it is of a disk that hangs
int HangingDisk::waiting() const {
    const std::lock_guard lock{gate().mutex};
    return gate().waiting;
}

std::uint64_t kept_by_disk() {
    const std::lock_guard lock{gate().mutex};
    return gate().passed;
}

} // namespace recoverd::test

extern "C" int fsync(int file) {
    recoverd::test::gate().pass();
    return static_cast<int>(::syscall(SYS_fsync, file));
}

extern "C" int fdatasync(int file) {
    recoverd::test::gate().pass();
    return static_cast<int>(::syscall(SYS_fdatasync, file));
}
