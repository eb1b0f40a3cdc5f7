// SPDX-License-Identifier: Apache-2.0
#include "worker/files/walk.hpp"

#include "core/backup_names.hpp"
#include "worker/files/folder.hpp"

#include <fmt/format.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace recoverd::worker::files {

namespace {

using core::Failure;
using core::FailureKind;

class Walker {
  public:
    explicit Walker(const Pattern& pattern) : pattern_(pattern) {}

    core::Result<Walked> walk() {
        if (!pattern_.has_subject)
            walked_.series[""];
        std::size_t fixed = 0;
        while (fixed + 1 < pattern_.segments.size() && pattern_.segments[fixed].literal)
            walked_.base += "/" + pattern_.segments[fixed++].before;
        // Opened at once, so that automounters and links in what was written down work as usual.
        Dir base{::opendir(walked_.base.empty() ? "/" : walked_.base.c_str())};
        if (!base)
            return std::unexpected(failure_of(errno, walked_.base, "cannot read the folder"));
        if (auto failure = into(base.get(), fixed, walked_.base, "", 0))
            return std::unexpected(std::move(*failure));
        return std::move(walked_);
    }

  private:
    using Stop = std::optional<Failure>;

    /// Looks into an open folder for what `segments[at]` asks.
    Stop into(DIR* dir, std::size_t at, const std::string& path, const std::string& subject, unsigned depth) {
        const Segment& segment = pattern_.segments[at];
        const bool last = at + 1 == pattern_.segments.size();
        if (segment.any_depth)
            if (auto stop = into(dir, at + 1, path, subject, depth))
                return stop;
        // A second pass over the same folder begins anew.
        ::rewinddir(dir);
        const auto folder = last ? folder_index(path) : 0;
        if (segment.literal)
            return last ? match(::dirfd(dir), folder, segment.before, segment.before, subject)
                        : enter(::dirfd(dir), at, path, segment.before, subject, depth);
        for (;;) {
            errno = 0;
            const dirent* entry = ::readdir(dir);
            if (!entry)
                return errno ? blame(failure_of(errno, path, "cannot read the folder"), subject) : std::nullopt;
            if (auto stop = last ? file(::dirfd(dir), folder, *entry, subject)
                                 : subfolder(::dirfd(dir), at, path, *entry, subject, depth))
                return stop;
        }
    }

    Stop subfolder(int dirfd, std::size_t at, const std::string& path, const dirent& entry, const std::string& subject,
                   unsigned depth) {
        const Segment& segment = pattern_.segments[at];
        if (entry.d_type != DT_DIR && entry.d_type != DT_UNKNOWN && (entry.d_type != DT_LNK || segment.any_depth))
            return std::nullopt;
        const std::string name = entry.d_name;
        // fsck's own folder is closed to everybody but root, and nobody's series.
        if (name == "lost+found" || !(segment.any_depth ? !name.starts_with('.') : segment.matches(name)))
            return std::nullopt;
        if (!segment.has_subject)
            return enter(dirfd, at, path, name, subject, depth);
        return enter(dirfd, at, path, name, std::string{segment.subject_of(name, find_time(name))}, depth);
    }

    Stop enter(int dirfd, std::size_t at, const std::string& path, const std::string& name, const std::string& subject,
               unsigned depth) {
        const Segment& segment = pattern_.segments[at];
        const int follow = segment.any_depth ? O_NOFOLLOW : 0;
        const int fd = ::openat(dirfd, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | follow);
        const std::string inner = path + "/" + name;
        if (fd < 0) {
            // Gone since it was listed, a dangling link, or a file where the pattern wants a folder: no match.
            if (leads_nowhere(errno))
                return std::nullopt;
            return blame(failure_of(errno, inner, "cannot read the folder"), subject);
        }
        const Dir dir{::fdopendir(fd)};
        if (depth >= kMaxDepth)
            return Failure{FailureKind::bad_answer, fmt::format("folders deeper than {} in '{}'", kMaxDepth, path)};
        // An empty series is something we saw: it has no backup.
        if (segment.has_subject)
            if (auto stop = series_of(subject))
                return stop;
        return into(dir.get(), segment.any_depth ? at : at + 1, inner, subject, depth + 1);
    }

    Stop file(int dirfd, std::uint32_t folder, const dirent& entry, const std::string& subject) {
        const bool possible =
            entry.d_type == DT_REG || entry.d_type == DT_DIR || entry.d_type == DT_LNK || entry.d_type == DT_UNKNOWN;
        const std::string_view listed = entry.d_name;
        if (!possible || listed == "." || listed == "..")
            return std::nullopt;
        std::string name = entry.d_name;
        if (name == "lost+found" || core::is_companion(name))
            return std::nullopt;
        const auto finished = without_partial_ending(name);
        const std::string& as = finished ? *finished : name;
        const Segment& segment = pattern_.segments.back();
        if (!segment.has_subject)
            return segment.matches(as) ? match(dirfd, folder, name, as, subject) : std::nullopt;
        const auto of = segment.subject_of(as, find_time(as));
        return of.empty() ? std::nullopt : match(dirfd, folder, name, as, std::string{of});
    }

    Stop match(int dirfd, std::uint32_t folder, const std::string& name, const std::string& as,
               const std::string& subject) {
        struct stat seen{};
        File file;
        if (::fstatat(dirfd, name.c_str(), &seen, AT_SYMLINK_NOFOLLOW) != 0)
            return errno == ENOENT ? std::nullopt : unseen(folder, name, subject);
        if (S_ISLNK(seen.st_mode)) {
            file.linked = true;
            struct stat target{};
            if (::fstatat(dirfd, name.c_str(), &target, 0) == 0)
                seen = target;
            else if (leads_nowhere(errno))
                file.kind = FileKind::dangling;
            else
                return unseen(folder, name, subject);
        }
        if (S_ISDIR(seen.st_mode)) {
            // A link to a folder ("latest") is another name of a backup; below "**" each folder is entered anyway.
            if (file.linked || pattern_.any_depth)
                return std::nullopt;
            file.kind = FileKind::folder;
        } else if (!S_ISREG(seen.st_mode) && file.kind != FileKind::dangling) {
            return std::nullopt;
        }
        file.folder = folder;
        file.name = name;
        file.named = find_time(name);
        if (!file.named)
            file.named = folder_times_[folder];
        file.size = file.kind == FileKind::file ? static_cast<std::uint64_t>(seen.st_size) : 0;
        file.mtime = mtime_of(seen);
        file.device = seen.st_dev;
        file.inode = seen.st_ino;
        if (auto stop = series_of(subject))
            return stop;
        auto& series = *current_;
        (name.size() == as.size() ? series.files : series.partial).push_back(std::move(file));
        return std::nullopt;
    }

    Stop unseen(std::uint32_t folder, const std::string& name, const std::string& subject) {
        return blame(failure_of(errno, walked_.folders[folder] + "/" + name, "cannot look at"), subject);
    }

    /// A failure belongs to its series where that is known.
    Stop blame(Failure failure, const std::string& subject) {
        if (!pattern_.has_subject || subject.empty())
            return failure;
        if (auto stop = series_of(subject))
            return stop;
        current_->failure = std::move(failure);
        return std::nullopt;
    }

    /// Makes `current_` the series of this subject.
    Stop series_of(const std::string& subject) {
        if (current_ && *current_name_ == subject)
            return std::nullopt;
        const auto [at, added] = walked_.series.try_emplace(subject);
        current_name_ = &at->first;
        current_ = &at->second;
        if (walked_.series.size() <= kMaxSeries)
            return std::nullopt;
        return Failure{FailureKind::misconfigured,
                       fmt::format("path: more than {} series match '{}'", kMaxSeries, pattern_.text)};
    }

    std::uint32_t folder_index(const std::string& path) {
        walked_.folders.push_back(path);
        folder_times_.push_back(path.size() > walked_.base.size() ? find_time(path.substr(walked_.base.size()))
                                                                  : std::nullopt);
        return static_cast<std::uint32_t>(walked_.folders.size() - 1);
    }

    const Pattern& pattern_;
    Walked walked_;
    std::vector<std::optional<NamedTime>> folder_times_;
    Series* current_ = nullptr;
    const std::string* current_name_ = nullptr;
};

} // namespace

core::Result<Walked> walk(const Pattern& pattern) { return Walker{pattern}.walk(); }

std::optional<std::string> without_partial_ending(const std::string& name) {
    for (const std::string_view ending : {".part", ".tmp", ".partial"})
        if (name.size() > ending.size() && name.ends_with(ending))
            return name.substr(0, name.size() - ending.size());
    return std::nullopt;
}

} // namespace recoverd::worker::files
