// SPDX-License-Identifier: Apache-2.0
#include "worker/files/selection.hpp"

#include "core/evidence.hpp"
#include "worker/files/growth.hpp"
#include "worker/files/measured.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace recoverd::worker::files {

namespace {

bool newer(const File* a, const File* b) { return a->mtime != b->mtime ? a->mtime > b->mtime : a->name > b->name; }

/// "latest.dump" is another name of a backup that is there already.
void drop_aliases(std::vector<File>& files) {
    std::set<std::pair<std::uint64_t, std::uint64_t>> links;
    for (const File& file : files)
        if (file.linked && file.kind == FileKind::file)
            links.emplace(file.device, file.inode);
    if (links.empty())
        return;
    std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
    for (const File& file : files)
        if (!file.linked && links.contains({file.device, file.inode}))
            seen.emplace(file.device, file.inode);
    std::erase_if(files, [&](const File& file) {
        return file.linked && file.kind == FileKind::file && !seen.emplace(file.device, file.inode).second;
    });
}

/// Moves what is no backup from `files` to `empty`.
void part_empty(std::vector<File*>& files, std::vector<File*>& empty) {
    std::erase_if(files, [&](File* file) {
        const bool nothing = file->kind != FileKind::dangling && file->size_known && file->size == 0;
        if (nothing)
            empty.push_back(file);
        return nothing;
    });
}

/// Sets size and newest write of a folder: no size, and the newest write of what was seen, where that is not all of it.
std::optional<core::Failure> add_up(File& folder, const Walked& walked, std::size_t& entries, core::Time now) {
    Measured measured = measure_folder(walked.path_of(folder), entries, latest_write(now));
    folder.size_known = measured.size.has_value();
    folder.size = measured.size.value_or(0);
    folder.mtime = std::max(folder.mtime, measured.mtime);
    return std::move(measured.failure);
}

/// Only what looks abandoned by its own time: the others are being written, whatever is in them. The newest first, so
/// that what is being written does not wait behind what others left. One that may not be read is no backup yet, and
/// fails nothing.
void add_up_unfinished(Series& series, const Walked& walked, std::size_t& entries, core::Time now) {
    std::vector<File*> folders;
    for (File& file : series.partial) {
        if (file.kind != FileKind::folder)
            continue;
        file.size_known = false;
        if (now - to_time(file.mtime) >= kAbandoned)
            folders.push_back(&file);
    }
    std::ranges::sort(folders, newer);
    for (File* folder : folders)
        add_up(*folder, walked, entries, now);
}

} // namespace

Selected select(Series& series, const Walked& walked, Entries& left, core::Time now) {
    drop_aliases(series.files);
    Selected selected;
    selected.series = &series;
    std::vector<File*> all;
    all.reserve(series.files.size());
    for (File& file : series.files) {
        // Folders have no size until they are added up.
        file.size_known = file.kind != FileKind::folder;
        all.push_back(&file);
    }
    add_up_unfinished(series, walked, left.unfinished, now);
    part_empty(all, selected.empty);
    const auto shown = static_cast<std::ptrdiff_t>(std::min(all.size(), core::kMaxPoints));
    std::partial_sort(all.begin(), all.begin() + shown, all.end(), newer);
    selected.newest.assign(all.begin(), all.begin() + shown);
    selected.older.assign(all.begin() + shown, all.end());
    std::erase_if(selected.newest, [&](File* file) {
        if (file->kind != FileKind::folder)
            return false;
        auto failure = add_up(*file, walked, left.finished, now);
        if (!failure)
            return false;
        if (!selected.closed || newer(file, selected.closed->folder))
            selected.closed = Closed{file, std::move(*failure)};
        // It is there, whatever is in it.
        selected.older.push_back(file);
        return true;
    });
    part_empty(selected.newest, selected.empty);
    std::ranges::sort(selected.newest, newer);
    const auto compared = static_cast<std::ptrdiff_t>(std::min(selected.empty.size(), kCompared));
    std::partial_sort(selected.empty.begin(), selected.empty.begin() + compared, selected.empty.end(), newer);
    return selected;
}

} // namespace recoverd::worker::files
