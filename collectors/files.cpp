// SPDX-License-Identifier: Apache-2.0
// Backups that are plain files: dumps, archives, snapshots in folders. The worker program looks, because a file system
// may hang and a proof reads gigabytes; how a file counts is told there (worker/files).
#include "collectors/files.hpp"

#include "collectors/all.hpp"
#include "io/evidence_json.hpp"

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
    const std::string& path = options.path;
    const auto mistake = [&](std::string message, std::string hint = {}) {
        diagnostics.mistake(place.at, place.path + ".path", std::move(message), std::move(hint));
    };
    if (!path.empty() && path.front() != '/')
        mistake(fmt::format("expected an absolute path, found '{}'", path));
    if ((path + "/").find("/../") != std::string::npos)
        mistake(fmt::format("expected a path without '..', found '{}'", path));
    const auto first = path.find(kSubject);
    if (first != std::string::npos && path.find(kSubject, first + 1) != std::string::npos)
        mistake(fmt::format("expected one {{subject}}, found '{}'", path),
                "what differs within a series is written as *");
    if (path.size() > 1 && (path.ends_with("/**") || path.ends_with('/')))
        mistake(fmt::format("expected the names of files at its end, found '{}'", path),
                fmt::format("did you mean '{}*'?", path.ends_with('/') ? path : path + "/"));
}

std::string target(const Options& options) { return options.path; }

/// The worker stops proving in time to hand over what it knows; a run that is killed has learned nothing.
constexpr Duration time_for_proofs(Duration timeout) { return timeout * 7 / 10; }

std::string job(const Options& options, const Run& run) {
    io::JsonWriter out;
    out.begin_object();
    out.field("path", options.path);
    out.field("min_size", options.min_size.bytes);
    out.field("verify", options.verify);
    out.field("verify_budget", options.verify_budget.bytes);
    out.field("settle", core::to_seconds(std::min(options.settle, run.timeout / 5)));
    out.field("name_time", options.name_time);
    out.field("time_limit", core::to_seconds(time_for_proofs(run.timeout)));
    out.field("cursor", run.cursor);
    out.end_object();
    return out.take();
}

Task<Collected> collect(Options options, Run run) {
    const std::string input = job(options, run);
    const std::string name = "files";
    const auto finished = co_await run.world.worker(name, input, run.timeout);
    if (!finished)
        co_return std::unexpected(finished.error());
    co_return interpret_files(*finished);
}

} // namespace

Collected interpret_files(const io::Finished& finished) {
    if (finished.status == 0)
        return io::from_lines(finished.out);
    if (finished.signal != 0)
        return core::failed(FailureKind::bad_answer, fmt::format("worker: ended by signal {}", finished.signal));
    if (finished.out.empty())
        return core::failed(
            FailureKind::bad_answer,
            fmt::format("worker: exit status {}: {}", finished.status.value_or(-1), io::last_words(finished.err)));
    const auto answer = io::Json::parse_lenient(finished.out);
    const auto& failure = answer["failure"];
    const auto kind = core::from_name<FailureKind>(failure["kind"].text());
    if (!kind)
        failure["kind"].bad("a kind of failure");
    return core::failed(*kind, failure["detail"].text());
}

Kind files() {
    About about{"files", "backups that are files or folders: dumps, archives, snapshots"};
    about.brings = {EvidenceKind::recovery_points};
    about.access = "to read the folders of `path` (and the files, when they are to be verified)";
    about.resource = Resource::worker;
    about.every = std::chrono::minutes{5};
    about.timeout = std::chrono::minutes{2};
    return kind<Options>(std::move(about), kOptions, collect, {check, target});
}

} // namespace recoverd::collectors
