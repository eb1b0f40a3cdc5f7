// SPDX-License-Identifier: Apache-2.0
#include "worker/files/growth.hpp"

#include "worker/files/measured.hpp"

#include <sys/stat.h>

#include <algorithm>

namespace recoverd::worker::files {

namespace {

/// Looks again; false when it changed. A file that went away has ended too, and what was not added up shows nothing.
bool same_still(File& file, const std::string& path, std::int64_t latest) {
    std::uint64_t size = file.size;
    std::int64_t mtime = file.mtime;
    struct stat now{};
    if (file.kind == FileKind::folder) {
        if (!file.size_known)
            return true;
        std::size_t entries = 100'000;
        const Measured measured = measure_folder(path, entries, latest);
        size = measured.size.value_or(size);
        // The newest write may be in what was not looked at.
        mtime = measured.size ? measured.mtime : std::max(mtime, measured.mtime);
    } else if (::stat(path.c_str(), &now) == 0) {
        size = static_cast<std::uint64_t>(now.st_size);
        mtime = mtime_of(now);
    }
    const bool same = size == file.size && mtime == file.mtime;
    file.size = size;
    file.mtime = mtime;
    return same;
}

} // namespace

core::Time to_time(std::int64_t nanoseconds) {
    return core::Time{std::chrono::floor<core::Duration>(std::chrono::nanoseconds{nanoseconds})};
}

core::Time left_alone_since(const File& file, const RememberedFile* before, core::Time looked_before, core::Time now) {
    const core::Time written = to_time(file.mtime);
    // What was not added up each time cannot be compared.
    if (!before || !before->size_known || !file.size_known)
        return written;
    if (before->size == file.size && before->mtime == file.mtime)
        return std::min(written, looked_before);
    return written <= looked_before ? now : written;
}

std::vector<const File*> growing(const std::vector<File*>& files, const Walked& walked, const Remembered& before,
                                 core::Duration settle, const Clock& clock) {
    struct Fresh {
        File* file;
        std::string path;
        core::Time since;
    };
    const core::Time began = clock.now();
    const std::int64_t latest = latest_write(began);
    std::vector<Fresh> fresh;
    std::vector<const File*> found;
    for (File* file : files) {
        std::string path = walked.path_of(*file);
        const auto* known = before.find(path);
        const core::Time since = left_alone_since(*file, known, before.looked_at, began);
        // From the future or just changed: what counts is that it stays the same from now on.
        if (began - since < settle)
            fresh.push_back({file, std::move(path), std::min(since, began)});
    }
    constexpr core::Duration kStep{500};
    while (!fresh.empty()) {
        const core::Time now = clock.now();
        std::erase_if(fresh, [&](const Fresh& one) {
            const bool same = same_still(*one.file, one.path, latest);
            if (!same)
                found.push_back(one.file);
            return !same || now - one.since >= settle;
        });
        if (!fresh.empty())
            clock.sleep(std::min(kStep, settle));
    }
    return found;
}

} // namespace recoverd::worker::files
