// SPDX-License-Identifier: Apache-2.0
// What a pattern finds on disk: names, sizes and times, and nothing of what they mean. Made for folders with
// hundreds of thousands of names: no stat but of names that match.
#pragma once

#include "worker/files/pattern.hpp"

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace recoverd::worker::files {

enum class FileKind : std::uint8_t {
    file,
    /// A folder that is a backup as a whole.
    folder,
    /// A symbolic link that leads nowhere, or in a circle.
    dangling
};

/// When something was written, in nanoseconds since 1970.
inline std::int64_t mtime_of(const struct stat& seen) {
    return std::int64_t{seen.st_mtim.tv_sec} * 1'000'000'000 + seen.st_mtim.tv_nsec;
}

struct File {
    /// Index into Walked::folders.
    std::uint32_t folder = 0;
    FileKind kind = FileKind::file;
    /// Reached through a symbolic link.
    bool linked = false;
    std::string name;
    std::optional<NamedTime> named;
    std::uint64_t size = 0;
    /// False for folders with too much in them to be added up.
    bool size_known = true;
    /// Nanoseconds since 1970.
    std::int64_t mtime = 0;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
};

struct Series {
    std::vector<File> files;
    /// Names by which programs mark what they are still writing (.part, .tmp, .partial).
    std::vector<File> partial;
    /// A folder of this series could not be read, or one within what may be its newest backup.
    std::optional<core::Failure> failure;
};

struct Walked {
    /// Absolute, without a slash at the end.
    std::vector<std::string> folders;
    /// The folder up to which the pattern has no wildcards.
    std::string base;
    std::map<std::string, Series, std::less<>> series;

    std::string path_of(const File& file) const { return folders[file.folder] + "/" + file.name; }
    /// As a point is named: the file's name, with its folders where the pattern leaves them open.
    std::string id_of(const File& file) const { return path_of(file).substr(base.size() + 1); }
};

/// More series than this in one pattern are a pattern that was meant otherwise.
inline constexpr std::size_t kMaxSeries = 1000;

/// A folder that cannot be read fails its series, or everything when no series is known yet: a list with holes is never
/// passed on as whole. A missing base folder is `unreachable`: what was not mounted proves nothing about its
/// backups. A missing folder behind a wildcard is no match.
core::Result<Walked> walk(const Pattern& pattern);

/// `name` without the ending of a file that is still being written, or nothing when it has none.
std::optional<std::string> without_partial_ending(const std::string& name);

} // namespace recoverd::worker::files
