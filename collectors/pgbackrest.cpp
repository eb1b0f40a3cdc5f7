// SPDX-License-Identifier: Apache-2.0
// Recovery points and WAL archives of every pgBackRest stanza and repository, as `pgbackrest info` and the listings
// of `pgbackrest repo-ls` tell. Each repository is a subject of its own, STANZA/repoN: a broken one may not hide a
// healthy one, nor a whole archive the hole in another.
#include "collectors/pgbackrest.hpp"

#include "collectors/all.hpp"
#include "collectors/tool.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors {

namespace {

struct Options {
    std::string stanza;
    std::vector<std::string> command{"pgbackrest"};
    std::string config;
    bool scan_archive = true;
};

constexpr Option<Options> kOptions[] = {
    {"stanza", &Options::stanza, "the stanza to look at; all that the repositories hold when left out"},
    {"command", &Options::command, "how pgBackRest is started, for example behind ssh, sudo or kubectl exec"},
    {"config", &Options::config, "pgBackRest's configuration file, where it is not in its usual place"},
    {"scan_archive", &Options::scan_archive, "list the WAL archive too, to find missing segments"},
};

// A directory holds 256 segments of 16 MiB: a first look at 1 TiB of WAL takes five runs.
constexpr std::size_t kListingsPerRun = 64;
constexpr std::size_t kMaxGaps = 100;

using Scans = std::map<std::string, WalScan>;

/// Names in a repository are foreign, and a command behind ssh goes through a shell there.
bool plain(std::string_view name) {
    return !name.empty() && name.front() != '-' && name != "." && name != ".." &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                      c == '_' || c == '.';
           });
}

io::Command command(const Options& options, const std::string& stanza, std::initializer_list<std::string> words,
                    Duration timeout) {
    io::Command made;
    made.argv = options.command;
    // Log lines on stdout would stand in the middle of the JSON.
    made.argv.insert(made.argv.end(), {"--log-level-console=off", "--log-level-stderr=error"});
    if (!options.config.empty())
        made.argv.push_back("--config=" + options.config);
    if (!stanza.empty())
        made.argv.push_back("--stanza=" + stanza);
    made.argv.insert(made.argv.end(), words);
    made.timeout = timeout;
    return made;
}

/// The history of the newest timeline, where a backup of an older one is to be rolled forward into it.
bool needs_history(const PgBackRestRepo& repo, WalSegment newest, const WalDirectories& found) {
    return found.histories.contains(newest.timeline) &&
           std::any_of(repo.backups.begin(), repo.backups.end(), [&](const WalBackup& backup) {
               const auto start = wal_segment(backup.start, kMaxSegmentsPerLog);
               return start && start->timeline < newest.timeline;
           });
}

/// By the backups behind all gaps, those that are not sure yet among them.
std::optional<Time> whole_since(const PgBackRestRepo& repo, const std::vector<WalRange>& gaps,
                                std::string_view last_segment, std::uint64_t per_log) {
    WalSegment newest_gone;
    for (const WalRange& gap : gaps)
        newest_gone = std::max(newest_gone, WalSegment{gap.timeline, gap.last});
    for (const WalBackup& backup : repo.backups) {
        const auto start = wal_segment(backup.start, per_log);
        if (start && newest_gone < *start && backup.good && is_held(backup, last_segment))
            return backup.ended_at;
    }
    return std::nullopt;
}

void tell(core::LogArchive& archive, const PgBackRestRepo& repo, const WalScan& scan, const WalPlan& plan,
          std::uint64_t per_log) {
    auto gaps = scan.gaps();
    // What the backups show to be missing is at the newest end, and without the history no older timeline leads on.
    if (archive.gaps.empty() && plan.missing_history.empty())
        archive.whole_since = whole_since(repo, gaps, archive.last_segment, per_log);
    const std::size_t begin = window_begin(repo.backups, gaps, plan.ranges, per_log);
    // A hole whose ends are not known yet is no loss yet, nor are those behind it that would be none without it.
    const auto unsure = scan.unsure();
    const std::size_t sure_begin = window_begin(repo.backups, gaps, plan.ranges, per_log, unsure);
    std::erase_if(gaps, [&](const WalRange& gap) { return std::ranges::find(unsure, gap) != unsure.end(); });
    if (sure_begin > 0) {
        const auto start = wal_segment(repo.backups[sure_begin].start, per_log).value_or(WalSegment{});
        std::erase_if(gaps, [&](const WalRange& gap) { return WalSegment{gap.timeline, gap.last} < start; });
    }
    archive.oldest_at.reset();
    Time newest_backup{};
    WalSegment newest_stop;
    for (std::size_t i = begin; i < repo.backups.size(); ++i) {
        const WalBackup& backup = repo.backups[i];
        if (!backup.good || !is_held(backup, archive.last_segment))
            continue;
        if (!archive.oldest_at)
            archive.oldest_at = backup.ended_at;
        newest_backup = backup.ended_at;
        newest_stop = wal_segment(backup.stop, per_log).value_or(newest_stop);
    }
    if (archive.oldest_at)
        archive.newest_at = std::max(newest_backup, scan.reachable_until(newest_stop).value_or(newest_backup));
    if (!plan.missing_history.empty())
        archive.gaps.push_back({plan.missing_history, plan.missing_history, 1});
    if (gaps.size() > kMaxGaps)
        gaps.erase(gaps.begin(), gaps.end() - kMaxGaps);
    for (const WalRange& gap : gaps)
        archive.gaps.push_back({wal_name({gap.timeline, gap.first}, per_log),
                                wal_name({gap.timeline, gap.last}, per_log), gap.last - gap.first + 1});
}

/// What is there, as it is now.
Task<Result<PgBackRestInfo>> ask_info(Options options, Run run, Duration timeout) {
    auto asked = command(options, options.stanza, {"--output=json", "info"}, timeout);
    const bool here = runs_here(options.command);
    const auto answer = co_await answer_of(run.world, std::move(asked), pgbackrest_failure, !here);
    if (!answer)
        co_return std::unexpected(answer.error());
    auto info = understood([&] { return interpret_pgbackrest(io::Json::parse_lenient(*answer), here, run.now); });
    if (!info)
        co_return std::unexpected(info.error());
    co_return std::move(*info);
}

/// The backups of an archive are those of now; nothing on success.
Task<std::optional<Failure>> list_backups_again(Options options, Run run, PgBackRestRepo* repo, Duration timeout) {
    const auto info = co_await ask_info(options, run, timeout);
    if (!info)
        co_return info.error();
    const auto now = std::ranges::find_if(info->repos, [&](const PgBackRestRepo& one) {
        return one.report.subject == repo->report.subject && one.archive_id == repo->archive_id;
    });
    if (now == info->repos.end())
        co_return Failure{
            FailureKind::bad_answer,
            fmt::format("expected archive {} to be listed as before, found that it is not", repo->archive_id)};
    repo->backups = now->backups;
    co_return std::nullopt;
}

/// A restored server that was promoted with archiving on goes on as the newest timeline, beside the one that is in use:
/// without gaps, as the way to it needs nothing of what comes in.
Failure leads_astray(std::uint32_t backed_up, std::uint32_t newest) {
    return {
        FailureKind::bad_answer,
        fmt::format("expected timeline {}, of the newest WAL, to go on from the newest backup on timeline {}, found "
                    "that it does not, so nobody looked for gaps in {}\nhint: remove what a restore test archived, "
                    "and have it restored with --archive-mode=off; after a failover make a backup",
                    newest, backed_up, backed_up)};
}

/// Goes on with the scan of one archive until `until` on the interval clock; nothing on success.
Task<std::optional<Failure>> look_through(Options options, Run run, PgBackRestRepo* repo, WalScan* scan,
                                          Duration until) {
    auto& archive = std::get<core::LogArchive>(repo->report.evidence.back());
    const bool prefixed = !runs_here(options.command);
    const std::uint64_t per_log = segments_per_log(repo->backups);
    const auto newest = wal_segment(archive.last_segment, per_log);
    if (!newest || !plain(repo->stanza) || !plain(repo->archive_id))
        co_return Failure{FailureKind::bad_answer,
                          fmt::format("expected the name of a WAL archive and of its newest segment, found '{}' and "
                                      "'{}'",
                                      repo->archive_id, archive.last_segment)};
    const std::string path = fmt::format("archive/{}/{}", repo->stanza, repo->archive_id);
    const std::string key = fmt::format("--repo={}", repo->key);
    const auto left = [&] { return until - run.world.timers().elapsed(); };

    auto asked = command(options, repo->stanza, {key, "--output=json", "repo-ls", path}, left());
    const auto top = co_await answer_of(run.world, std::move(asked), pgbackrest_failure, prefixed);
    if (!top)
        co_return top.error();
    const auto found = understood([&] { return read_wal_directories(io::Json::parse(*top)); });
    if (!found)
        co_return found.error();
    std::vector<WalSwitch> history;
    if (needs_history(*repo, *newest, *found)) {
        const std::string file = fmt::format("{}/{:08X}.history", path, newest->timeline);
        asked = command(options, repo->stanza, {key, "repo-get", file}, left());
        const auto text = co_await answer_of(run.world, std::move(asked), pgbackrest_failure, prefixed);
        if (!text)
            co_return text.error();
        auto lines = understood([&] { return read_history(*text); });
        if (!lines)
            co_return lines.error();
        history = std::move(*lines);
    }
    WalPlan plan = plan_wal(repo->backups, *newest, history, per_log);
    scan->begin(repo->archive_id, per_log);
    scan->expect(plan.ranges, found->names);
    for (const std::string& directory : scan->wanted(kListingsPerRun)) {
        if (left() <= Duration{0})
            break;
        asked = command(options, repo->stanza, {key, "--output=json", "repo-ls", path + "/" + directory}, left());
        const auto listing = co_await answer_of(run.world, std::move(asked), pgbackrest_failure, prefixed);
        // Time that ran out in the middle of a long scan is no failure: the next run goes on from here.
        if (!listing && listing.error().kind == FailureKind::timed_out && scan->newest())
            break;
        if (!listing)
            co_return listing.error();
        const auto segments = understood([&] { return read_wal_listing(io::Json::parse(*listing), per_log); });
        if (!segments)
            co_return segments.error();
        scan->listed(directory, *segments, run.now);
    }
    // What `expire` removed since the backups were listed is no gap. Without time to ask, what was listed counts.
    if (!scan->gaps().empty() && left() > Duration{0}) {
        auto failure = co_await list_backups_again(options, run, repo, left());
        if (failure)
            co_return failure;
        plan = plan_wal(repo->backups, *newest, history, per_log);
        scan->expect(plan.ranges, found->names);
    }
    if (plan.astray)
        co_return leads_astray(*plan.astray, newest->timeline);
    tell(archive, *repo, *scan, plan, per_log);
    co_return std::nullopt;
}

/// A cursor that another version wrote begins the scan anew, which costs time and loses nothing.
Scans read_cursor(const std::string& cursor) {
    auto scans = understood([&] {
        Scans read;
        if (!cursor.empty())
            for (const io::Json json = io::Json::parse(cursor); const auto& [subject, scan] : json.object())
                read[subject].read(scan);
        return read;
    });
    return scans ? std::move(*scans) : Scans{};
}

std::string write_cursor(const Scans& scans) {
    io::JsonWriter out;
    out.begin_object();
    for (const auto& [subject, scan] : scans) {
        out.key(subject);
        scan.write(out);
    }
    out.end_object();
    return out.take();
}

/// Looks through the archives, each with its share of the time that is left, and keeps a fifth of it in hand.
Task<std::string> scan_archives(Options options, Run run, std::vector<PgBackRestRepo>* repos, Duration until) {
    const Scans before = read_cursor(run.cursor);
    Scans after;
    auto waiting =
        std::count_if(repos->begin(), repos->end(), [](const auto& repo) { return !repo.archive_id.empty(); });
    for (PgBackRestRepo& repo : *repos) {
        WalScan& scan = after[repo.report.subject];
        if (const auto known = before.find(repo.report.subject); known != before.end())
            scan = known->second;
        if (repo.archive_id.empty())
            continue;
        const Duration now = run.world.timers().elapsed();
        const Duration share = (until - now) / waiting--;
        const Duration share_ends = now + std::max(share, Duration(1));
        auto failure = co_await look_through(options, run, &repo, &scan, share_ends);
        if (!failure)
            continue;
        // An archive without gaps in it would be taken for one that was looked through.
        repo.report.evidence.pop_back();
        repo.report.failure =
            Failure{failure->kind, fmt::format("its WAL archive could not be looked through: {}", failure->detail)};
    }
    co_return write_cursor(after);
}

Task<Collected> collect(Options options, Run run) {
    const Duration began = run.world.timers().elapsed();
    auto info = co_await ask_info(options, run, run.timeout);
    if (!info)
        co_return std::unexpected(info.error());
    Seen seen;
    seen.complete = info->complete;
    if (options.scan_archive)
        seen.cursor = co_await scan_archives(options, run, &info->repos, began + run.timeout * 4 / 5);
    for (PgBackRestRepo& repo : info->repos)
        seen.subjects.push_back(std::move(repo.report));
    co_return seen;
}

void check(const Options& options, const core::config::Place& place, core::config::Diagnostics& diagnostics) {
    check_command(options.command, "pgbackrest", place, diagnostics);
}

} // namespace

std::optional<Failure> pgbackrest_failure(const io::Finished& finished, bool prefixed) {
    if (finished.status == 0)
        return std::nullopt;
    // The last line is a hint of pgBackRest's; what happened stands where it says ERROR.
    const auto error = finished.err.find("ERROR:");
    const std::string words =
        error == std::string::npos ? finished.err : finished.err.substr(error, finished.err.find('\n', error) - error);
    // 27 and 30 to 37 are what pgBackRest gives for its configuration and options.
    const int status = finished.status.value_or(0);
    const bool configuration = status == 27 || (status >= 30 && status <= 37);
    return tool_failure(finished, "pgbackrest", configuration ? FailureKind::misconfigured : FailureKind::bad_answer,
                        words, prefixed);
}

Kind pgbackrest() {
    return kind<Options>({.name = "pgbackrest",
                          .summary = "backups and WAL archives of every pgBackRest stanza and repository",
                          .brings = {EvidenceKind::recovery_points, EvidenceKind::log_archive},
                          .access =
                              "may run `pgbackrest info`, `repo-ls` and `repo-get`: read access to the "
                              "repositories and to pgBackRest's configuration, usually as user postgres; and, to see "
                              "a backup that runs, hangs or dies, to its locks (`lock-path`, else "
                              "/tmp/pgbackrest, which PrivateTmp=yes of the shipped unit hides: the drop-in "
                              "pgbackrest-as-postgres.conf)",
                          .resource = Resource::process,
                          .every = std::chrono::minutes{5},
                          .timeout = std::chrono::minutes{1}},
                         kOptions, collect, {.check = check});
}

} // namespace recoverd::collectors
