// SPDX-License-Identifier: Apache-2.0
#include "worker/vault/scratch.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace recoverd::worker::vault {

namespace {

constexpr mode_t kMode = S_IRUSR | S_IWUSR;

/// Where the file system knows no files without a name: it has one for as long as it takes to take it away.
int open_named(const std::string& folder) {
    std::string path = folder + "/recoverd-XXXXXX";
    const int fd = ::mkostemp(path.data(), O_CLOEXEC);
    if (fd >= 0 && (::unlink(path.c_str()) != 0 || ::fchmod(fd, kMode) != 0)) {
        ::close(fd);
        return -1;
    }
    return fd;
}

} // namespace

core::Result<Scratch> Scratch::open(const std::string& folder) {
    // O_EXCL: it can never be given a name.
    int fd = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, kMode);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
        fd = open_named(folder);
    if (fd < 0)
        return core::failed(core::FailureKind::misconfigured, fmt::format("scratch: cannot write into '{}': {}", folder,
                                                                          std::generic_category().message(errno)));
    return Scratch{fd};
}

Scratch::~Scratch() {
    if (fd_ >= 0)
        ::close(fd_);
}

Scratch::Scratch(Scratch&& other) noexcept : fd_(std::exchange(other.fd_, -1)), fault_(std::move(other.fault_)) {}

bool Scratch::write(std::string_view bytes) {
    while (!bytes.empty() && fault_.empty()) {
        const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR)
            fault_ = std::generic_category().message(errno);
        else if (written > 0)
            bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return fault_.empty();
}

std::string Scratch::path() const { return fmt::format("/proc/self/fd/{}", fd_); }

} // namespace recoverd::worker::vault
