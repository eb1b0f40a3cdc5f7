// SPDX-License-Identifier: Apache-2.0
// What `pgbackrest info` says, as evidence: versions 2.27 (one repository, no list of them) to 2.59 (locks per
// repository). The status of a stanza or repository is in the document; the exit status says nothing of it.
#include "collectors/pgbackrest.hpp"

#include "collectors/tool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace recoverd::collectors {

namespace {

using core::BackupJob;
using core::PointState;
using core::RecoveryPoint;
using core::RecoveryPoints;
using core::Told;
using io::Json;

// `expire` holds the same lock as `backup` and follows each one; for so long a lock without a size is taken for it.
constexpr Duration kExpireMayTake = std::chrono::minutes{10};
// From this release on a backup that copies tells its size in the lock, and takes it out before it expires others.
constexpr int kTellsSize = 48;

constexpr std::uint64_t kMissingPath = 1;
constexpr std::uint64_t kNoBackups = 2;
constexpr std::uint64_t kMissingData = 3;

std::uint64_t repo_key(const Json& item) {
    const Json& key = item["database"]["repo-key"];
    return key ? key.natural() : 1;
}

/// The first line, without the bytes of an encrypted file that pgBackRest may quote.
std::string first_line(const std::string& text) {
    std::string line;
    for (const char c : text.substr(0, std::min<std::size_t>(text.find('\n'), 200)))
        line += c >= ' ' && c <= '~' ? c : '?';
    while (line.ends_with(':'))
        line.pop_back();
    return line;
}

Failure repo_failure(const std::string& message) {
    FailureKind kind = FailureKind::bad_answer;
    if (message.contains("Permission denied"))
        kind = FailureKind::refused;
    else if (message.starts_with("[CryptoError]"))
        kind = FailureKind::misconfigured;
    else if (message.starts_with("[HostConnectError]") || message.starts_with("[HostInvalidError]"))
        kind = FailureKind::unreachable;
    return {kind, fmt::format("pgBackRest cannot read the repository: {}", first_line(message))};
}

RecoveryPoint read_point(const Json& backup, Told encrypted) {
    RecoveryPoint point;
    point.id = backup["label"].text();
    const Time started = backup["timestamp"]["start"].unix_time();
    point.ended_at = backup["timestamp"]["stop"].unix_time();
    point.data_at = point.ended_at;
    if (started <= point.ended_at)
        point.duration = point.ended_at - started;
    point.backup_type = backup["type"].text();
    const Json& info = backup["info"];
    if (info["size"])
        point.size_bytes = info["size"].natural();
    // What this backup added, so that the backups of a repository add up to what they take.
    if (info["repository"]["delta"])
        point.stored_bytes = info["repository"]["delta"].natural();
    point.depth = core::Depth::listed;
    point.encrypted = encrypted;
    if (const Json& reference = backup["reference"])
        for (const Json& label : reference.items())
            point.needs.push_back(label.text());
    if (const Json& prior = backup["prior"])
        if (std::find(point.needs.begin(), point.needs.end(), prior.text()) == point.needs.end())
            point.needs.push_back(prior.text());
    // Absent before 2.36: then nobody looked.
    if (const Json& error = backup["error"]; error && error.boolean()) {
        point.state = PointState::bad;
        point.detail = "page checksum errors were found while it was made";
    }
    return point;
}

/// A backup is worth no more than what it is built on. `points` are of one repository.
void judge_chains(std::vector<RecoveryPoint>& points) {
    std::map<std::string_view, const RecoveryPoint*> by_label;
    for (const RecoveryPoint& point : points)
        by_label.emplace(point.id, &point);
    // A label says nothing about order, so this goes on until nothing changes; each turn marks at least one.
    for (bool changed = true; changed;) {
        changed = false;
        for (RecoveryPoint& point : points) {
            if (point.state == PointState::bad)
                continue;
            for (const std::string& label : point.needs) {
                const auto needed = by_label.find(label);
                if (needed != by_label.end() && needed->second->state != PointState::bad)
                    continue;
                point.state = PointState::bad;
                point.detail = needed == by_label.end() ? fmt::format("needs {}, which is not there", label)
                                                        : fmt::format("needs {}, which is bad", label);
                changed = true;
                break;
            }
        }
    }
}

/// Would a backup have told its size in the lock? By the version that made the newest one: "2.45", "2.59.1".
bool tells_size(const Json& stanza) {
    const auto& backups = stanza["backup"].items();
    if (backups.empty() || !backups.back()["backrest"]["version"])
        return false;
    const std::string& version = backups.back()["backrest"]["version"].text();
    if (!version.starts_with("2."))
        return false;
    int minor = 0;
    std::from_chars(version.data() + 2, version.data() + version.size(), minor);
    return minor >= kTellsSize;
}

/// The running job that a held lock tells of, if it is of this repository.
std::optional<BackupJob> running_job(const Json& lock, std::uint64_t key) {
    if (!lock["held"] || !lock["held"].boolean())
        return std::nullopt;
    const Json* progress = &lock;
    if (lock["repo"]) {
        const auto& repos = lock["repo"].items();
        const auto mine =
            std::find_if(repos.begin(), repos.end(), [key](const Json& repo) { return repo["key"].natural() == key; });
        if (mine == repos.end())
            return std::nullopt;
        progress = &*mine;
    }
    BackupJob job;
    if (const Json& size = (*progress)["size"]; size && (*progress)["size-cplt"])
        job.detail = fmt::format("{} of {} bytes done", (*progress)["size-cplt"].natural(), size.natural());
    return job;
}

struct Database {
    std::uint64_t id = 0;
    std::string system_id;
};

/// The database that a repository now serves: ids count up with every stanza-upgrade, and are compared as numbers.
std::optional<Database> newest_database(const Json& stanza, std::uint64_t key) {
    std::optional<Database> newest;
    if (!stanza["db"])
        return newest;
    for (const Json& db : stanza["db"].items()) {
        const std::uint64_t db_key = db["repo-key"] ? db["repo-key"].natural() : 1;
        const std::uint64_t id = db["id"].natural();
        if (db_key == key && (!newest || id > newest->id))
            newest = Database{id, fmt::format("{}", db["system-id"].natural())};
    }
    return newest;
}

/// A backup waits for its last segment before it ends. Where it does not (archive-check = n), or a copy of the
/// repository is brought up file by file, it comes within this time.
constexpr Duration kSegmentComes = std::chrono::minutes{10};

/// By the backups alone: the scan of the archive ends where that does.
void judge_window_by_backups(const PgBackRestRepo& repo, core::LogArchive& archive, Time now) {
    const WalBackup* without = nullptr;
    for (const WalBackup& backup : repo.backups) {
        if (!backup.good)
            continue;
        if (is_held(backup, archive.last_segment) && !archive.oldest_at)
            archive.oldest_at = backup.ended_at;
        if (!backup.stop.empty() && !is_held(backup, archive.last_segment) && now - backup.ended_at > kSegmentComes)
            without = &backup;
    }
    if (without != nullptr)
        archive.gaps.push_back({without->stop, without->stop, 1});
}

void read_archive(const Json& stanza, PgBackRestRepo& repo, const RecoveryPoints& points, Time now) {
    const auto database = newest_database(stanza, repo.key);
    if (!database || !stanza["archive"])
        return;
    for (const Json& archive : stanza["archive"].items()) {
        if (repo_key(archive) != repo.key || archive["database"]["id"].natural() != database->id)
            continue;
        core::LogArchive evidence;
        evidence.from_repository = true;
        evidence.system_id = database->system_id;
        if (archive["max"]) {
            repo.archive_id = archive["id"].text();
            evidence.last_segment = archive["max"].text();
        }
        std::set<std::string_view> bad;
        for (const RecoveryPoint& point : points.points)
            if (point.state == PointState::bad)
                bad.insert(point.id);
        for (const Json& backup : stanza["backup"].items()) {
            if (repo_key(backup) != repo.key || backup["database"]["id"].natural() != database->id)
                continue;
            WalBackup wal;
            if (backup["archive"]["start"])
                wal.start = backup["archive"]["start"].text();
            if (backup["archive"]["stop"])
                wal.stop = backup["archive"]["stop"].text();
            if (backup["lsn"]["start"])
                wal.start_lsn = backup["lsn"]["start"].text();
            wal.ended_at = backup["timestamp"]["stop"].unix_time();
            wal.good = !bad.contains(backup["label"].text());
            repo.backups.push_back(std::move(wal));
        }
        std::stable_sort(repo.backups.begin(), repo.backups.end(),
                         [](const auto& a, const auto& b) { return a.ended_at < b.ended_at; });
        judge_window_by_backups(repo, evidence, now);
        repo.report.evidence.emplace_back(std::move(evidence));
    }
}

RecoveryPoints read_points(const Json& stanza, const Json& repo, std::uint64_t key) {
    RecoveryPoints points;
    points.method = "pgbackrest";
    const Json& cipher = repo["cipher"] ? repo["cipher"] : stanza["cipher"];
    const Told encrypted = cipher ? core::told(cipher.text() != "none") : Told::not_told;
    for (const Json& backup : stanza["backup"].items())
        if (repo_key(backup) == key)
            points.points.push_back(read_point(backup, encrypted));
    judge_chains(points.points);
    put_in_order(points);
    return points;
}

PgBackRestRepo read_repo(const Json& stanza, const Json& repo, std::size_t repos, bool local, Time now) {
    PgBackRestRepo seen;
    seen.stanza = stanza["name"].text();
    seen.key = repo["key"] ? repo["key"].natural() : 1;
    seen.report.subject = fmt::format("{}/repo{}", seen.stanza, seen.key);
    const Json& status = repo["status"] ? repo["status"] : stanza["status"];
    const std::uint64_t code = status["code"].natural();
    // A missing path and a missing backup are something that was seen, and the worst of it.
    if (code != 0 && code != kMissingPath && code != kNoBackups && code != kMissingData) {
        seen.report.failure = repo_failure(status["message"].text());
        return seen;
    }
    RecoveryPoints points = read_points(stanza, repo, seen.key);
    read_archive(stanza, seen, points, now);

    const Json& lock = stanza["status"]["lock"]["backup"];
    const bool may_be_expire = !lock["size"] && !points.points.empty() &&
                               (tells_size(stanza) || points.points.back().ended_at + kExpireMayTake > now);
    if (const auto job = running_job(lock, seen.key); job && !may_be_expire)
        points.jobs.push_back(*job);
    // A lock of the whole stanza does not tell which of several repositories the backup goes to, so that none of
    // them can be said to have been promised one. From elsewhere the lock cannot be seen at all.
    const bool tells = local && lock && (repos == 1 || lock["repo"]);
    points.tells_jobs = tells ? Told::yes : local ? Told::not_told : Told::no;

    keep_newest(points);
    seen.report.evidence.insert(seen.report.evidence.begin(), std::move(points));
    return seen;
}

/// Two accounts of one repository cannot both be true.
void must_be_named_once(const std::vector<PgBackRestRepo>& repos) {
    std::set<std::string_view> named;
    for (const PgBackRestRepo& repo : repos)
        if (!named.insert(repo.report.subject).second)
            throw io::BadDocument(fmt::format("expected each repository once, found {} twice", repo.report.subject));
}

} // namespace

Result<PgBackRestInfo> interpret_pgbackrest(const Json& info, bool local, Time now) {
    PgBackRestInfo seen;
    std::optional<Failure> unlisted;
    for (const Json& stanza : info.items()) {
        // So pgBackRest names what it could not list.
        if (stanza["name"].text() == "[invalid]") {
            const Json& repo = stanza["repo"][0];
            unlisted = repo_failure((repo ? repo : stanza)["status"]["message"].text());
            seen.complete = false;
            continue;
        }
        if (!stanza["repo"]) {
            seen.repos.push_back(read_repo(stanza, {}, 1, local, now));
            continue;
        }
        const auto& repos = stanza["repo"].items();
        for (const Json& repo : repos)
            seen.repos.push_back(read_repo(stanza, repo, repos.size(), local, now));
    }
    must_be_named_once(seen.repos);
    if (unlisted && seen.repos.empty())
        return std::unexpected(*unlisted);
    return seen;
}

} // namespace recoverd::collectors
