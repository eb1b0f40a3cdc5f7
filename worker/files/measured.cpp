// SPDX-License-Identifier: Apache-2.0
#include "worker/files/measured.hpp"

#include "worker/files/folder.hpp"
#include "worker/files/walk.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

namespace recoverd::worker::files {

namespace {

class Measuring {
  public:
    Measuring(std::size_t& entries, std::int64_t latest) : entries_(entries), latest_(latest) {}

    Measured measured;

    void folder(int parent, const char* name, const std::string& path, unsigned depth) {
        const int fd = ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        const Dir dir{fd < 0 ? nullptr : ::fdopendir(fd)};
        if (!dir)
            return unseen(errno, "cannot read the folder", path);
        for (;;) {
            errno = 0;
            const dirent* entry = ::readdir(dir.get());
            if (!entry && errno)
                return unseen(errno, "cannot read the folder", path);
            if (!entry)
                return;
            const std::string_view inner = entry->d_name;
            // fsck's own folder is closed to everybody but root, and no part of a backup.
            if (inner == "." || inner == ".." || inner == "lost+found")
                continue;
            if (entries_ == 0 || depth >= kMaxDepth)
                return measured.size.reset();
            --entries_;
            add(fd, entry->d_name, path, depth);
        }
    }

  private:
    void add(int dirfd, const char* name, const std::string& path, unsigned depth) {
        struct stat seen{};
        if (::fstatat(dirfd, name, &seen, AT_SYMLINK_NOFOLLOW) != 0) {
            // So it is with all that is in a folder that may be listed and not entered.
            if (const int error = errno; error != ENOENT)
                unseen(error, "cannot look at", path + "/" + name);
            return;
        }
        if (const std::int64_t mtime = mtime_of(seen); mtime <= latest_)
            measured.mtime = std::max(measured.mtime, mtime);
        if (S_ISDIR(seen.st_mode))
            folder(dirfd, name, path + "/" + name, depth + 1);
        else if (measured.size && S_ISREG(seen.st_mode))
            *measured.size += static_cast<std::uint64_t>(seen.st_size);
    }

    void unseen(int error, std::string_view what, const std::string& path) {
        measured.size.reset();
        // Gone since it was listed, or something else than a folder by now.
        if (!leads_nowhere(error) && !measured.failure)
            measured.failure = failure_of(error, path, what);
    }

    std::size_t& entries_;
    std::int64_t latest_;
};

} // namespace

std::int64_t latest_write(core::Time now) {
    // The clock of a file server may be wrong by that.
    constexpr core::Duration kTolerance = std::chrono::hours{1};
    return std::chrono::nanoseconds{(now + kTolerance).time_since_epoch()}.count();
}

Measured measure_folder(const std::string& path, std::size_t& entries, std::int64_t latest) {
    Measuring measuring{entries, latest};
    struct stat seen{};
    if (::stat(path.c_str(), &seen) == 0)
        measuring.measured.mtime = mtime_of(seen);
    measuring.folder(AT_FDCWD, path.c_str(), path, 0);
    return std::move(measuring.measured);
}

} // namespace recoverd::worker::files
