// SPDX-License-Identifier: Apache-2.0
// Looks at the state of Terraform or OpenTofu where a backend keeps it: in a file, behind HTTP, or in S3. Whether it
// still is the state that it was, by its lineage, serial, bytes and number of resources.
#include "collectors/terraform_state.hpp"

#include "collectors/all.hpp"
#include "collectors/connect_options.hpp"
#include "collectors/terraform_state/source.hpp"
#include "collectors/tool.hpp"

#include <fmt/format.h>

namespace recoverd::collectors {

namespace {

using core::config::Diagnostics;
using core::config::Place;
using Options = TerraformOptions;

constexpr Option<Options> kOwn[] = {
    {"path", &Options::path, "absolute path of the state, as the `local` backend keeps it"},
    {"address", &Options::address, "URL of the state, as the `http` backend has it"},
    {"auth", &Options::auth, "credentials for `address`"},
    {"bucket", &Options::bucket, "the bucket of the `s3` backend"},
    {"key", &Options::key, "the state's key in the bucket"},
    {"prefix", &Options::prefix, "look at every object below it whose key ends with .tfstate, each as a subject"},
    {"dynamodb_table", &Options::dynamodb_table,
     "table of DynamoDB in which the `s3` backend keeps lock and digest, as its option of that name has it"},
    {"dynamodb_endpoint", &Options::dynamodb_endpoint,
     "URL of the DynamoDB service, to be written where `endpoint` is; Amazon's of the region when left out"},
    {"max_size", &Options::max_size, "a larger state is not read"},
    {"min_resources", &Options::min_resources, "instances of managed resources that the state must hold; 0 for any"},
    {"max_drop", &Options::max_drop, "the share of the resources that may be gone at once, from 0 to 1"},
    {"stale_lock", &Options::stale_lock, "a lock that is held for longer was left behind"},
    {"max_age", &Options::max_age, "how long ago the state may have been written, where an apply runs regularly"},
};
constexpr auto kOptions = s3_parts::with_client_options(kOwn);

std::string target(const Options& options) {
    if (!options.path.empty())
        return options.path;
    if (!options.address.empty())
        return io::bare_url(options.address);
    return fmt::format("{}/{}", s3_parts::bucket_url(options), options.key.empty() ? options.prefix : options.key);
}

void check_place(const Options& options, const Place& place, Diagnostics& diagnostics) {
    const int places =
        (options.path.empty() ? 0 : 1) + (options.address.empty() ? 0 : 1) + (options.bucket.empty() ? 0 : 1);
    if (places != 1)
        diagnostics.mistake(
            place.at, place.path,
            fmt::format("expected one of path, address and bucket, found {}", places == 0 ? "none" : "several"),
            "write path = \"/srv/infra/terraform.tfstate\", for example");
    if (!options.path.empty() && (options.path.front() != '/' || options.path.ends_with('/')))
        diagnostics.mistake(place.at, place.path + ".path",
                            fmt::format("expected the absolute path of a file, found '{}'", options.path));
    check_url(options.address, place.inside("address"), diagnostics);
    if (options.bucket.empty()) {
        if (options.tls)
            io::read_tls(*options.tls, place.path + ".tls", diagnostics);
        return;
    }
    s3_parts::check_client_options(options, place, diagnostics);
    if (options.key.empty() == options.prefix.empty())
        diagnostics.mistake(place.at, place.path, "expected one of key and prefix beside bucket");
}

void check_table(const Options& options, const Place& place, Diagnostics& diagnostics) {
    const bool table = !options.dynamodb_table.empty();
    const bool endpoint = !options.dynamodb_endpoint.empty();
    s3_parts::check_plain_url(options.dynamodb_endpoint, "dynamodb_endpoint", place, diagnostics);
    if (table && options.bucket.empty())
        diagnostics.mistake(place.at, place.path + ".dynamodb_table", "expected bucket beside it, found none");
    if (endpoint && !table)
        diagnostics.mistake(place.at, place.path + ".dynamodb_endpoint",
                            "expected dynamodb_table beside it, found none");
    // The keys of another service are nothing to tell Amazon of.
    if (table && !endpoint && !options.endpoint.empty())
        diagnostics.mistake(place.at, place.path + ".dynamodb_table",
                            "expected dynamodb_endpoint beside it and endpoint, found none",
                            "write dynamodb_endpoint = \"https://dynamodb.eu-central-1.amazonaws.com\", for example");
}

void check(const Options& options, const Place& place, Diagnostics& diagnostics) {
    check_place(options, place, diagnostics);
    check_table(options, place, diagnostics);
    if (options.min_resources < 0)
        diagnostics.mistake(place.at, place.path + ".min_resources", "expected 0 or more");
    if (!(options.max_drop >= 0 && options.max_drop <= 1))
        diagnostics.mistake(place.at, place.path + ".max_drop", "expected a share from 0 to 1");
    if (options.auth)
        io::read_auth(*options.auth, place.path + ".auth", diagnostics);
}

TerraformExpected expectations(const Options& options) {
    return {static_cast<std::uint64_t>(std::max<std::int64_t>(options.min_resources, 0)), options.max_drop,
            options.stale_lock, options.max_age};
}

/// Several states that one run looks at.
class Look {
  public:
    Look(const Options& options, const Run& run)
        : expected_(expectations(options)), now_(run.now), cursor_(read_terraform_cursor(run.cursor)) {}

    void learned(const std::string& subject, const Result<TerraformState>& state) {
        if (!state)
            seen_.subjects.push_back({.subject = subject, .failure = state.error()});
        else if (auto report = interpret_terraform(expected_, *state, cursor_, subject, now_))
            seen_.subjects.push_back(std::move(*report));
    }
    bool knows_any() const { return !cursor_.empty(); }
    Seen take() {
        seen_.cursor = write_terraform_cursor(cursor_);
        return std::move(seen_);
    }

  private:
    TerraformExpected expected_;
    Time now_;
    TerraformCursor cursor_;
    Seen seen_;
};

/// Of one state there is no subject: that nothing was learned of it is that nothing was learned.
Collected of_one(const Options& options, const Run& run, const Result<TerraformState>& state) {
    Look look{options, run};
    look.learned("", state);
    Seen seen = look.take();
    for (const SubjectReport& report : seen.subjects)
        if (report.failure && report.evidence.empty())
            return std::unexpected(*report.failure);
    return seen;
}

std::string subject_of(const std::string& key, const std::string& prefix) {
    const std::string rest = key.substr(prefix.size());
    return shown(rest.substr(std::min(rest.find_first_not_of('/'), rest.size())));
}

/// Nothing where none is named.
std::optional<LockTable> table_of(const Options& options, const s3_parts::Access& access) {
    if (options.dynamodb_table.empty())
        return std::nullopt;
    return lock_table(access, options.dynamodb_table, options.dynamodb_endpoint, s3_parts::region_of(options));
}

Task<Collected> collect_prefix(Options options, Run run, s3_parts::Access access, Until until) {
    const auto keys = co_await states_below(access, options.prefix, run, until);
    if (!keys)
        co_return std::unexpected(keys.error());
    Look look{options, run};
    // Nothing to look at is a failure, not a pass; once there was something, its absence is what was seen.
    if (keys->empty() && !look.knows_any())
        co_return core::failed(FailureKind::bad_answer,
                               fmt::format("expected a state below '{}', found none", shown(options.prefix)));
    auto table = table_of(options, access);
    for (const std::string& key : *keys) {
        const auto state = co_await state_in_s3(access, table, key, options.max_size.bytes, run, until);
        if (table && state && state->table_failure && is_away(*state->table_failure))
            table->away = state->table_failure;
        look.learned(subject_of(key, options.prefix), state);
    }
    co_return look.take();
}

Task<Collected> collect_s3(Options options, Run run, Until until) {
    const auto access = co_await s3_parts::sign_in(run.world, options, run.check, until.left(run) / 3);
    if (!access)
        co_return std::unexpected(access.error());
    if (!options.prefix.empty()) {
        auto seen = co_await collect_prefix(options, run, *access, until);
        co_return seen;
    }
    const auto table = table_of(options, *access);
    const auto state = co_await state_in_s3(*access, table, options.key, options.max_size.bytes, run, until);
    co_return of_one(options, run, state);
}

Task<Collected> collect(Options options, Run run) {
    const Until until{run.world.timers().elapsed() + run.timeout};
    if (!options.bucket.empty()) {
        auto seen = co_await collect_s3(options, run, until);
        co_return seen;
    }
    auto asking = options.path.empty() ? state_by_http(options, run, until) : state_in_file(options, run, until);
    const auto state = co_await std::move(asking);
    co_return of_one(options, run, state);
}

} // namespace

Kind terraform_state() {
    return kind<Options>(
        {.name = "terraform_state",
         .summary = "the state of Terraform or OpenTofu: whole, never back, never another, its lock",
         .brings = {EvidenceKind::assertions, EvidenceKind::fingerprint, EvidenceKind::measurement},
         .access = "path: to read the file and its folder, where .NAME.lock.info tells of a lock: `setfacl -m "
                   "u:recoverd:rx,d:u:recoverd:r FOLDER && setfacl -m u:recoverd:r FOLDER/terraform.tfstate`. address: "
                   "to GET it, never LOCK or POST (nginx: `limit_except GET { deny all; }` for its user). S3: the "
                   "policy "
                   R"(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", )"
                   R"("Resource": "arn:aws:s3:::BUCKET"}, {"Effect": "Allow", "Action": "s3:GetObject", "Resource": )"
                   R"(["arn:aws:s3:::BUCKET/KEY", "arn:aws:s3:::BUCKET/KEY.tflock"]}, {"Effect": "Allow", "Action": )"
                   R"("dynamodb:GetItem", "Resource": "arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE"}, )"
                   R"({"Effect": "Allow", "Action": )"
                   R"("kms:Decrypt", "Resource": "arn:aws:kms:REGION:ACCOUNT:key/ID"}]}`, the last part but one for )"
                   "dynamodb_table, the last where state or table is encrypted so; that there is no lock cannot be "
                   "told without s3:ListBucket, nor before KEY.tflock or an item of the state in the table was seen, "
                   "since it may be locked elsewhere. The state holds secrets: only its lineage, serial, digest and "
                   "number of resources are kept, nothing of it is logged or told",
         .resource = Resource::worker,
         .every = std::chrono::minutes{5},
         .timeout = std::chrono::minutes{1}},
        kOptions, collect, {.check = check, .target = target});
}

} // namespace recoverd::collectors
