// SPDX-License-Identifier: Apache-2.0
// Backups that are plain files: dumps, archives, snapshots in folders. The worker program looks, because a file system
// may hang and a proof reads gigabytes; how a file counts is told there (worker/files).
#include "collectors/files.hpp"

#include "collectors/all.hpp"
#include "collectors/worker_answer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors {

namespace {

struct Options {
    std::string path;
    core::config::Size min_size;
    std::string verify = "none";
    core::config::Size verify_budget{std::uint64_t{4} << 30U};
    Duration settle{5'000};
    std::string name_time = "local";
};

constexpr Option<Options> kOptions[] = {
    {"path", &Options::path,
     "absolute path of the backups: * ? [..] and ** as in a shell, {subject} names one series per match; a folder that "
     "matches is one backup",
     Need::required},
    {"min_size", &Options::min_size, "a backup that is smaller than this is broken"},
    {"verify", &Options::verify,
     "how far to prove each backup, once: its table of contents; or all of it, against its own checksums and those "
     "beside it (.sha256, SHA256SUMS)",
     Need::optional, "none|listed|checksummed"},
    {"verify_budget", &Options::verify_budget, "bytes that one run reads at most to prove backups, the newest first"},
    {"settle", &Options::settle, "a file counts as finished when nobody has written to it for this long"},
    {"name_time", &Options::name_time, "how a time without a zone in a file's name is meant", Need::optional,
     "local|utc|ignored"},
};

constexpr std::string_view kSubject = "{subject}";

void check(const Options& options, const core::config::Place& place, core::config::Diagnostics& diagnostics) {
    check_files_path(options.path, place, diagnostics);
}

std::string target(const Options& options) { return options.path; }

/// The worker stops proving in time to hand over what it knows; a run that is killed has learned nothing.
constexpr Duration time_for_proofs(Duration timeout) { return timeout * 7 / 10; }

FilesJob job_of(const Options& options) {
    return {.path = options.path,
            .min_size = options.min_size.bytes,
            .verify = options.verify,
            .verify_budget = options.verify_budget.bytes,
            .settle = options.settle,
            .name_time = options.name_time};
}

Task<Collected> collect(Options options, Run run) {
    const std::string input = input_of(job_of(options), run.timeout, run.cursor);
    const std::string name = "files";
    auto finished = co_await run.world.worker(name, input, run.timeout);
    if (!finished)
        co_return std::unexpected(finished.error());
    auto seen = co_await read_worker(std::move(run), std::move(*finished));
    co_return seen;
}

} // namespace

void check_files_path(const std::string& path, const core::config::Place& place,
                      core::config::Diagnostics& diagnostics) {
    const auto mistake = [&](std::string message, std::string hint = {}) {
        diagnostics.mistake(place.at, place.path + ".path", std::move(message), std::move(hint));
    };
    if (!path.empty() && path.front() != '/')
        mistake(fmt::format("expected an absolute path, found '{}'", path));
    if ((path + "/").contains("/../"))
        mistake(fmt::format("expected a path without '..', found '{}'", path));
    const auto first = path.find(kSubject);
    if (first != std::string::npos && path.find(kSubject, first + 1) != std::string::npos)
        mistake(fmt::format("expected one {{subject}}, found '{}'", path),
                "what differs within a series is written as *");
    if (path.size() > 1 && (path.ends_with("/**") || path.ends_with('/')))
        mistake(fmt::format("expected the names of files at its end, found '{}'", path),
                fmt::format("did you mean '{}*'?", path.ends_with('/') ? path : path + "/"));
}

std::string input_of(const FilesJob& job, Duration timeout, const std::string& cursor) {
    io::JsonWriter out;
    out.begin_object();
    out.field("path", job.path);
    out.field("min_size", job.min_size);
    out.field("verify", job.verify);
    out.field("verify_budget", job.verify_budget);
    out.field("settle", core::to_seconds(std::min(job.settle, timeout / 5)));
    out.field("name_time", job.name_time);
    out.field("time_limit", core::to_seconds(time_for_proofs(timeout)));
    out.field("cursor", cursor);
    out.end_object();
    return out.take();
}

Kind files() {
    About about{"files", "backups that are files or folders: dumps, archives, snapshots"};
    about.brings = {EvidenceKind::recovery_points};
    about.access = "to read the folders of `path`, and those within a folder that is a backup (and the files, when "
                   "they are to be verified)";
    about.resource = Resource::worker;
    about.every = std::chrono::minutes{5};
    about.timeout = std::chrono::minutes{2};
    return kind<Options>(std::move(about), kOptions, collect, {check, target});
}

} // namespace recoverd::collectors
