// SPDX-License-Identifier: Apache-2.0
// Snapshots of Vault's or OpenBao's raft storage. The worker program reads files, objects and the fresh one, because
// they may be gigabytes, and because what holds every secret must be gone with whoever held it.
#include "collectors/vault_snapshot.hpp"

#include "collectors/all.hpp"
#include "collectors/connect_options.hpp"
#include "collectors/files.hpp"
#include "collectors/s3/answers.hpp"
#include "collectors/s3/client.hpp"
#include "collectors/vault_snapshot/worker_jobs.hpp"
#include "io/client_options.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors {

namespace {

using core::config::Diagnostics;
using core::config::Place;
using core::config::Size;

struct Options : s3_parts::ClientOptions {
    std::string path;
    Size min_size;
    Size verify_budget{std::uint64_t{4} << 30U};
    Duration settle{5'000};
    std::string name_time = "local";
    std::string prefix;
    std::string address;
    SecretRef token;
    Duration download_every = core::kDay * 7;
    std::string scratch = "/var/tmp";
    Size max_size{std::uint64_t{4} << 30U};
};

constexpr Option<Options> kOwn[] = {
    {"path", &Options::path,
     "absolute path of the snapshots, as `files` takes it: * ? [..] and **, {subject} names one series per match"},
    {"min_size", &Options::min_size, "beside path: a snapshot that is smaller than this is broken"},
    {"verify_budget", &Options::verify_budget,
     "beside path: bytes that one run reads at most to prove snapshots, each once, the newest first"},
    {"settle", &Options::settle, "beside path: a file counts as finished when nobody has written to it for this long"},
    {"name_time", &Options::name_time, "beside path: how a time without a zone in a file's name is meant",
     Need::optional, "local|utc|ignored"},
    {"bucket", &Options::bucket,
     "a bucket of an S3 service that holds the snapshots: each is read and proven once, when it is the newest"},
    {"prefix", &Options::prefix, "beside bucket: what their keys begin with"},
    {"address", &Options::address,
     "URL of the API, as in VAULT_ADDR: a fresh snapshot is taken from it, proven, and never kept"},
    {"token", &Options::token, "beside address: what may read a snapshot, and so every secret's ciphertext"},
    {"download_every", &Options::download_every, "beside address: how often a fresh snapshot is taken"},
    {"scratch", &Options::scratch,
     "folder on whose file system what was downloaded lies, without a name, while it is proven; not where that is "
     "memory"},
    {"max_size", &Options::max_size, "a larger one is not downloaded"},
};
constexpr auto kOptions = s3_parts::with_client_options(kOwn);

std::string base_of(const Options& options) {
    return options.address.substr(0, options.address.find_last_not_of('/') + 1);
}

std::string target(const Options& options) {
    if (!options.path.empty())
        return options.path;
    return options.bucket.empty() ? io::bare_url(base_of(options)) : s3_parts::bucket_url(options);
}

/// A fresh snapshot is kept by nobody, and so no point to go back to.
std::vector<EvidenceKind> brings(const Options& options) {
    std::vector<EvidenceKind> kinds;
    if (!options.path.empty() || !options.bucket.empty())
        kinds.push_back(EvidenceKind::recovery_points);
    if (!options.address.empty())
        kinds.push_back(EvidenceKind::exercise);
    return kinds;
}

void check_address_of(const Options& options, const Place& place, Diagnostics& diagnostics) {
    const auto mistake = [&](std::string_view key, std::string message, std::string hint = {}) {
        diagnostics.mistake(place.at, fmt::format("{}.{}", place.path, key), std::move(message), std::move(hint));
    };
    check_url(options.address, place.inside("address"), diagnostics);
    if (!options.address.empty() && !options.token)
        mistake("token", "expected a token beside address, found none");
    if (options.address.empty() && options.token)
        mistake("token", "expected address beside it, found none");
    if (!options.address.empty() && options.path.contains("{subject}"))
        mistake("path", "expected one series beside address, found {subject}",
                "make the fresh snapshot its own check.");
    if (!options.address.empty() && !options.bucket.empty())
        mistake("bucket", "expected bucket or address, found both", "make the fresh snapshot its own check.");
    if (options.address.empty() && options.bucket.empty() && options.tls)
        mistake("tls", "expected address or bucket beside it, found neither");
    if (options.download_every < std::chrono::seconds{1})
        mistake("download_every", "expected a second or more");
    if (options.scratch.empty() || options.scratch.front() != '/')
        mistake("scratch", fmt::format("expected an absolute path, found '{}'", options.scratch));
    if (options.max_size.bytes == 0)
        mistake("max_size", "expected more than 0");
    if (options.tls)
        io::read_tls(*options.tls, place.path + ".tls", diagnostics);
}

void check(const Options& options, const Place& place, Diagnostics& diagnostics) {
    if (options.path.empty() && options.bucket.empty() && options.address.empty())
        diagnostics.mistake(place.at, place.path, "expected path, bucket or address, found none of them");
    if (!options.path.empty() && !options.bucket.empty())
        diagnostics.mistake(place.at, place.path, "expected path or bucket, found both");
    check_files_path(options.path, place, diagnostics);
    if (!options.bucket.empty())
        s3_parts::check_client_options(options, place, diagnostics);
    check_address_of(options, place, diagnostics);
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the run's own
Task<Collected> look_at_files(Options options, io::World& world, Duration timeout, std::string cursor) {
    FilesJob job{.path = options.path,
                 .min_size = options.min_size.bytes,
                 .verify = "checksummed",
                 .verify_budget = options.verify_budget.bytes,
                 .settle = options.settle,
                 .name_time = options.name_time};
    std::string input = input_of(job, timeout, cursor);
    std::string name = "vault_snapshot";
    auto seen = co_await ask_worker(world, std::move(name), std::move(input), timeout);
    co_return seen;
}

/// Snapshots are kept by the hundred, at most.
constexpr int kMaxPages = 20;

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the run's own
Task<Result<std::vector<SnapshotObject>>> list_objects(io::World& world, s3_parts::Access access, std::string prefix,
                                                       Duration until) {
    std::vector<SnapshotObject> objects;
    s3_parts::Query next;
    for (int pages = 0; pages < kMaxPages; ++pages) {
        s3_parts::Ask what{.query = s3_parts::listing_query(prefix, false), .max_body = std::size_t{8} << 20U};
        what.query.insert(what.query.end(), next.begin(), next.end());
        what.timeout = std::max(Duration{1}, until - world.timers().elapsed());
        const auto answer = co_await s3_parts::ask(world, access, what);
        if (!answer)
            co_return std::unexpected(answer.error());
        if (answer->status != 200)
            co_return std::unexpected(s3_parts::failure_of(*answer, s3_parts::name_of(access, what)));
        s3_parts::Page page = s3_parts::read_page(answer->body, false, what.query);
        next = std::move(page.next);
        std::ranges::move(snapshots_of(std::move(page)), std::back_inserter(objects));
        if (next.empty()) {
            sort_objects(objects);
            co_return objects;
        }
    }
    co_return core::failed(
        FailureKind::misconfigured,
        fmt::format("prefix: expected at most {} objects below '{}', found more", kMaxPages * 1000, prefix));
}

SnapshotFetch fetch_of(const Options& options, const s3_parts::Access& access, const SnapshotObject& object) {
    s3_parts::Ask what;
    what.key = object.key;
    return {s3_parts::signed_request(access, what), options.scratch, options.max_size.bytes};
}

Seen seen_of(const std::vector<SnapshotObject>& objects, KnownObjects& known, std::optional<Failure> failure) {
    Seen seen;
    SubjectReport report;
    report.evidence.emplace_back(points_of_objects(objects, known));
    report.failure = std::move(failure);
    seen.subjects.push_back(std::move(report));
    return seen;
}

Task<Collected> look_at_objects(Options options, Run run, Duration until, std::shared_ptr<KnownObjects> known) {
    auto access = co_await s3_parts::sign_in(run.world, static_cast<const s3_parts::ClientOptions&>(options), run.check,
                                             run.timeout / 4);
    if (!access)
        co_return std::unexpected(std::move(access.error()));
    auto objects = co_await list_objects(run.world, *access, options.prefix, until);
    if (!objects)
        co_return std::unexpected(std::move(objects.error()));
    // Nothing to look at is a failure, not a pass; once there was something, its absence is what we saw.
    if (objects->empty() && !known->any)
        co_return core::failed(FailureKind::bad_answer, fmt::format("nothing begins with '{}'", options.prefix));
    std::optional<Failure> failure;
    const SnapshotObject* newest = object_to_prove(*objects, *known);
    if (newest && !s3_parts::can_be_asked(newest->key))
        newest = nullptr;
    if (newest && newest->size_bytes > options.max_size.bytes) {
        failure = Failure{FailureKind::misconfigured,
                          fmt::format("{}: expected at most max_size, {} bytes, found {}\nhint: raise max_size, and "
                                      "have as much room in the scratch folder",
                                      newest->key, options.max_size.bytes, newest->size_bytes)};
        newest = nullptr;
    }
    if (newest) {
        SnapshotFetch fetch = fetch_of(options, *access, *newest);
        const Duration left = std::max(Duration{1}, until - run.world.timers().elapsed());
        const auto answer = co_await fetch_snapshot(run.world, std::move(fetch), left);
        failure = take_proof(answer, *newest, *known);
    }
    co_return seen_of(*objects, *known, std::move(failure));
}

SnapshotFetch fresh_of(const Options& options, io::Secret token) {
    SnapshotFetch fetch;
    fetch.request.url = base_of(options) + "/v1/sys/storage/raft/snapshot";
    fetch.request.headers.emplace_back("X-Vault-Request", "true");
    fetch.request.auth.header_name = "X-Vault-Token";
    fetch.request.auth.header_value = std::move(token);
    fetch.request.proxy = options.proxy;
    if (options.tls) {
        Diagnostics checked_already;
        fetch.request.tls = io::read_tls(*options.tls, "tls", checked_already);
    }
    fetch.scratch = options.scratch;
    fetch.max_size = options.max_size.bytes;
    return fetch;
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the run's own
Task<Collected> take_fresh(Options options, io::World& world, Duration until) {
    auto token = co_await world.secret(options.token);
    if (!token)
        co_return std::unexpected(std::move(token.error()));
    SnapshotFetch fetch = fresh_of(options, std::move(*token));
    const Duration left = std::max(Duration{1}, until - world.timers().elapsed());
    auto answer = co_await fetch_snapshot(world, std::move(fetch), left);
    co_return answer;
}

Task<Collected> collect(Options options, Run run) {
    const Duration until = run.world.timers().elapsed() + run.timeout;
    VaultSnapshotCursor cursor = read_vault_snapshot_cursor(run.cursor);
    const bool downloads = !options.address.empty();
    if (!downloads)
        cursor.fresh = {};
    const bool due = downloads && cursor.fresh.due(run.now, options.download_every);
    std::optional<Collected> kept;
    if (!options.path.empty()) {
        const Duration share = due ? run.timeout / 2 : run.timeout;
        auto seen = co_await look_at_files(options, run.world, share, cursor.files);
        kept = std::move(seen);
    } else if (!options.bucket.empty()) {
        const auto known = std::make_shared<KnownObjects>(cursor.objects);
        auto seen = co_await look_at_objects(options, run, until, known);
        kept = std::move(seen);
        cursor.objects = *known;
    }
    if (due) {
        const auto answer = co_await take_fresh(options, run.world, until);
        take_download(answer, run.now, cursor.fresh);
    }
    co_return report_vault_snapshot(std::move(kept), downloads, std::move(cursor));
}

} // namespace

Kind vault_snapshot() {
    About about{"vault_snapshot", "snapshots of Vault's or OpenBao's raft storage: files or objects, and a fresh one"};
    about.brings = {EvidenceKind::recovery_points, EvidenceKind::exercise};
    about.access =
        "to read the files of `path`, or s3:ListBucket and s3:GetObject on the bucket, and kms:Decrypt "
        "on the key where objects are encrypted by one; for a fresh snapshot a token "
        "whose policy holds `path \"sys/storage/raft/snapshot\" { capabilities = [\"read\"] }`. That is a copy of "
        "every secret, encrypted: give it to recoverd only where the machine may hold one. What is downloaded goes "
        "into a file without a name on the file system of `scratch`, is read once, and is gone with the program that "
        "wrote it";
    about.resource = Resource::worker;
    about.every = std::chrono::minutes{15};
    about.timeout = std::chrono::minutes{10};
    return kind<Options>(std::move(about), kOptions, collect, {check, target, brings});
}

} // namespace recoverd::collectors
