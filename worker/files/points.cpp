// SPDX-License-Identifier: Apache-2.0
#include "worker/files/points.hpp"

#include "core/backup_names.hpp"
#include "core/config/values.hpp"
#include "worker/files/growth.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

namespace recoverd::worker::files {

namespace {

using core::PointState;

bool too_small(const File& file, const Options& options) { return file.size_known && file.size < options.min_size; }

core::RecoveryPoint point_of(const File& file, const Walked& walked, const Findings& findings, const Options& options) {
    core::RecoveryPoint point;
    point.id = printable(walked.id_of(file));
    point.ended_at = to_time(file.mtime);
    point.data_at = data_time(file.named, point.ended_at, options.name_time);
    point.encrypted = core::is_encrypted(file.name) ? core::Told::yes : core::Told::not_told;
    if (file.size_known && file.kind != FileKind::dangling)
        point.size_bytes = point.stored_bytes = file.size;
    if (file.kind == FileKind::dangling) {
        point.state = PointState::bad;
        point.detail = "a symbolic link that leads to no file";
    } else if (findings.growing.contains(&file)) {
        point.state = PointState::incomplete;
        point.detail = "it is being written";
    } else if (too_small(file, options)) {
        point.state = PointState::bad;
        point.detail =
            fmt::format("{} bytes, expected {} at least", file.size, core::config::format_size(options.min_size));
    } else if (const auto proof = findings.proofs.find(&file); proof != findings.proofs.end()) {
        point.state = proof->second.state;
        point.detail = printable(proof->second.detail);
        point.depth = proof->second.depth;
    }
    return point;
}

/// When the file came into being, where the file system remembers.
std::optional<core::Time> born_at(const std::string& path) {
    struct statx seen{};
    if (::statx(AT_FDCWD, path.c_str(), 0, STATX_BTIME, &seen) != 0 || !(seen.stx_mask & STATX_BTIME))
        return std::nullopt;
    return to_time(seen.stx_btime.tv_sec * 1'000'000'000 + seen.stx_btime.tv_nsec);
}

enum class Name : std::uint8_t { final, of_a_run };

/// A file that is written anew under its name was born with the first that had it, however long ago: only one whose
/// name is made for a run (`.part`) tells when that began.
core::BackupJob running(const File& file, const Walked& walked, Name name = Name::final) {
    return {core::JobState::running,
            {},
            name == Name::of_a_run ? born_at(walked.path_of(file)) : std::nullopt,
            {},
            fmt::format("{} is being written", printable(walked.id_of(file)))};
}

core::BackupJob ended(const File& file, const Walked& walked, std::string_view how) {
    return {
        core::JobState::failed, {}, {}, to_time(file.mtime), fmt::format("{} {}", printable(walked.id_of(file)), how)};
}

/// One running and one failed job at most: of those that failed the newest, of which alone anything is put in words.
std::vector<core::BackupJob> jobs_of(const Selected& selected, const Walked& walked, const Findings& findings,
                                     core::Time now) {
    std::optional<core::BackupJob> runs;
    const auto run = [&](const File& file, Name name) {
        if (!runs)
            runs = running(file, walked, name);
    };
    const File* failed = nullptr;
    std::string_view how;
    const auto fail = [&](const File& file, std::string_view word) {
        if (failed && to_time(file.mtime) <= to_time(failed->mtime))
            return;
        failed = &file;
        how = word;
    };
    for (const File* file : selected.newest)
        if (findings.growing.contains(file))
            run(*file, Name::final);
    for (const File& file : selected.series->partial) {
        if (findings.growing.contains(&file) || now - to_time(file.mtime) < kAbandoned)
            run(file, Name::of_a_run);
        else
            fail(file, "was never finished");
    }
    for (const File* file : selected.empty) {
        if (findings.growing.contains(file))
            run(*file, Name::final);
        else
            fail(*file, "is empty");
    }
    std::vector<core::BackupJob> jobs;
    if (runs)
        jobs.push_back(*runs);
    if (failed)
        jobs.push_back(ended(*failed, walked, how));
    return jobs;
}

} // namespace

core::RecoveryPoints points_of(const Selected& selected, const Walked& walked, const Findings& findings,
                               const Options& options, core::Time now) {
    core::RecoveryPoints points;
    points.method = "file";
    points.tells_jobs = core::Told::yes;
    points.count = selected.newest.size() + selected.older.size();
    const auto older_than_known = [&](core::Time at) {
        if (!points.oldest_at || at < *points.oldest_at)
            points.oldest_at = at;
    };
    for (const File* file : selected.newest) {
        points.points.push_back(point_of(*file, walked, findings, options));
        if (points.points.back().state == PointState::good)
            older_than_known(points.points.back().data_at);
    }
    std::ranges::reverse(points.points);
    for (const File* file : selected.older)
        if (file->kind != FileKind::dangling && !too_small(*file, options))
            older_than_known(data_time(file->named, to_time(file->mtime), options.name_time));
    points.jobs = jobs_of(selected, walked, findings, now);
    return points;
}

} // namespace recoverd::worker::files
