// SPDX-License-Identifier: Apache-2.0
#include "agent/store/state_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace recoverd::agent {

std::expected<io::Fd, std::string> lock_state(const std::string& directory, core::Duration patience) {
    constexpr core::Duration kEvery{50};
    constexpr ::mode_t kOwner = 0600;
    const std::string path = directory + "/lock";
    io::Fd file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwner)};
    if (!file)
        return file;
    const auto until = std::chrono::steady_clock::now() + patience;
    while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK)
            return file;
        if (std::chrono::steady_clock::now() >= until)
            return std::unexpected(fmt::format("another recoverd uses the state in '{}'", directory));
        std::this_thread::sleep_for(kEvery);
    }
    return file;
}

} // namespace recoverd::agent
