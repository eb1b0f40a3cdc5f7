// SPDX-License-Identifier: Apache-2.0
// Asks an S3 service for the objects of a bucket, or the versions of one, and for the settings that they are safe by.
#include "collectors/s3.hpp"

#include "collectors/all.hpp"
#include "collectors/s3/answers.hpp"
#include "collectors/s3/exposure.hpp"
#include "io/client_options.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors {

namespace {

using core::config::Diagnostics;
using core::config::Place;
using s3_parts::Access;
using s3_parts::Ask;
using s3_parts::Attributes;
using s3_parts::Gathering;
using s3_parts::KeyPattern;
using s3_parts::Setting;
using s3_parts::Subresource;

struct Options : s3_parts::ClientOptions {
    std::string key;
    std::string prefix;
    core::config::Size min_size{1};
    bool changes_rarely = false;
    bool head = true;
    std::optional<bool> versioning;
    std::string object_lock;
    std::optional<Duration> object_lock_for;
    std::string encryption;
    bool is_private = false;
    bool at_hand = false;
    std::optional<Duration> retention;
    std::vector<std::string> replicas;
};

constexpr Option<Options> kOwn[] = {
    {"bucket", &Options::bucket, "the bucket", Need::required},
    {"key", &Options::key,
     "an object, whose versions are the recovery points; or a pattern with * and ?, whose objects are. {subject} in it "
     "names one series per match"},
    {"prefix", &Options::prefix, "instead of a key: every object below it is a recovery point"},
    {"min_size", &Options::min_size, "an object that is smaller than this is broken"},
    {"changes_rarely", &Options::changes_rarely,
     "each change makes its version itself, as of a state file: an old one is as good as a new one"},
    {"head", &Options::head, "ask the newest object whether it is encrypted and replicated, which needs s3:GetObject"},
    {"versioning", &Options::versioning,
     "versioning must be Enabled; asked for a key whose versions count unless this says false"},
    {"object_lock", &Options::object_lock,
     "object lock must have a default retention of this mode (COMPLIANCE is more than GOVERNANCE), and the newest "
     "object "
     "be locked",
     Need::optional, "GOVERNANCE|COMPLIANCE"},
    {"object_lock_for", &Options::object_lock_for, "and keep for this long at least"},
    {"encryption", &Options::encryption, "default encryption must be this algorithm", Need::optional,
     "AES256|aws:kms|aws:kms:dsse"},
    {"private", &Options::is_private, "neither policy nor ACL may open the bucket to everybody"},
    {"at_hand", &Options::at_hand,
     "the newest object must be read at once, and not lie in an archive (GLACIER, DEEP_ARCHIVE) without a copy that "
     "was "
     "brought back"},
    {"retention", &Options::retention, "no rule of the lifecycle may delete sooner"},
    {"replicas", &Options::replicas, "names of the buckets that objects must be replicated to"},
};
constexpr auto kOptions = s3_parts::with_client_options(kOwn);

void check(const Options& options, const Place& place, Diagnostics& diagnostics) {
    s3_parts::check_client_options(options, place, diagnostics);
    constexpr std::string_view kSubject = "{subject}";
    const auto first = options.key.find(kSubject);
    if (first != std::string::npos && options.key.find(kSubject, first + 1) != std::string::npos)
        diagnostics.mistake(place.at, place.path + ".key",
                            fmt::format("expected one {{subject}}, found '{}'", options.key),
                            "what differs within a series is written as *");
    else if (first != std::string::npos && options.key.find_first_of("*?") < first)
        diagnostics.mistake(place.at, place.path + ".key",
                            fmt::format("expected {{subject}} before any * and ?, found '{}'", options.key),
                            "{subject} may hold '/' itself");
    if (!options.key.empty() && !options.prefix.empty())
        diagnostics.mistake(place.at, place.path, "expected key or prefix, found both");
    if (options.key.starts_with('/') || options.prefix.starts_with('/'))
        diagnostics.warning(place.at, place.path, "keys rarely begin with '/'; such an object would be meant here");
    if (!options.head && !options.replicas.empty())
        diagnostics.mistake(place.at, place.path + ".head",
                            "expected to ask the newest object (head), which alone tells whether it was replicated");
}

std::string target(const Options& options) { return s3_parts::bucket_url(options); }

S3Expected expectations(const Options& options) {
    const KeyPattern pattern(options.key, options.prefix);
    S3Expected expected;
    expected.prefix = pattern.prefix();
    expected.all_below = options.key.empty();
    expected.versions = pattern.names_objects();
    expected.min_size = options.min_size.bytes;
    expected.changes_rarely = options.changes_rarely;
    expected.versioning = options.versioning.value_or(pattern.names_objects());
    expected.object_lock = options.object_lock;
    expected.default_retention = options.object_lock_for;
    expected.encryption = options.encryption;
    expected.is_private = options.is_private;
    expected.at_hand = options.at_hand;
    expected.retention = options.retention;
    expected.replicas = options.replicas;
    expected.region = options.region;
    return expected;
}

/// Asks one after the other; a request that hangs takes a third of the time that is left, never all of it.
class Asking {
  public:
    Asking(Run run, Access access, Duration until) : run_(std::move(run)), access_(std::move(access)), until_(until) {}

    io::World& world() const { return run_.world; }
    const Access& access() const { return access_; }
    Duration share() const { return std::max(Duration{1}, (until_ - run_.world.timers().elapsed()) / 3); }

  private:
    Run run_;
    Access access_;
    Duration until_;
};

/// A thousand keys at a time, so that neither memory nor the loop feels how many there are.
Task<Result<Gathering>> list(std::shared_ptr<Asking> asking, KeyPattern pattern, std::uint64_t min_size) {
    constexpr std::size_t kMaxPage = std::size_t{4} << 20U;
    // A million keys take a minute on a good day.
    constexpr int kMaxPages = 1'000;
    const bool versions = pattern.names_objects();
    Gathering gathering(pattern, min_size);
    s3_parts::Query next;
    for (int pages = 0; pages < kMaxPages; ++pages) {
        Ask what{.query = s3_parts::listing_query(pattern.prefix(), versions), .max_body = kMaxPage};
        what.timeout = asking->share();
        what.query.insert(what.query.end(), next.begin(), next.end());
        const auto answer = co_await s3_parts::ask(asking->world(), asking->access(), what);
        if (!answer)
            co_return std::unexpected(answer.error());
        const std::string name =
            fmt::format("{} s3://{}", versions ? "versions of" : "objects of", asking->access().bucket);
        if (answer->status != 200)
            co_return std::unexpected(s3_parts::failure_of(*answer, name));
        auto page = understood([&] { return s3_parts::read_page(answer->body, versions, what.query); });
        if (!page)
            co_return core::failed(FailureKind::bad_answer, fmt::format("{}: {}", name, page.error().detail));
        next = std::move(page->next);
        gathering.add(std::move(*page));
        if (gathering.too_many())
            co_return core::failed(
                FailureKind::misconfigured,
                fmt::format("expected at most {} series, found more\nhint: what {{subject}} in `key` "
                            "stands for may be narrower, with a longer text before or behind it",
                            s3_parts::kMaxSeries));
        if (next.empty())
            co_return gathering;
    }
    co_return core::failed(FailureKind::bad_answer,
                           fmt::format("expected at most a million objects below {}, found more\nhint: name a longer "
                                       "prefix.",
                                       io::json_quote(pattern.prefix().substr(0, 100))));
}

Task<Setting> ask_setting(std::shared_ptr<Asking> asking, Subresource asked, std::string key, std::string version) {
    Ask what{.key = std::move(key), .query = {{std::string{asked.query}, ""}}};
    if (!version.empty())
        what.query.emplace_back("versionId", std::move(version));
    what.timeout = asking->share();
    const std::string name = s3_parts::name_of(asking->access(), what);
    const auto answer = co_await s3_parts::ask(asking->world(), asking->access(), std::move(what));
    if (!answer)
        co_return std::unexpected(answer.error());
    co_return s3_parts::read_setting(*answer, asked, name);
}

Task<Setting> ask_bucket(std::shared_ptr<Asking> asking, Subresource asked) {
    std::string key;
    std::string version;
    return ask_setting(std::move(asking), asked, std::move(key), std::move(version));
}

Task<S3Settings> ask_settings(std::shared_ptr<Asking> asking, S3Expected expected) {
    S3Settings settings;
    for (const auto& [asked, member] : s3_settings(expected)) {
        auto setting = co_await ask_bucket(asking, asked);
        settings.*member = std::move(setting);
    }
    if (!expected.is_private || s3_parts::blocked(*settings.public_access_block).value_or(false))
        co_return settings;
    auto policy = co_await ask_bucket(asking, s3_parts::kPolicyStatus);
    settings.policy_status = std::move(policy);
    auto acl = co_await ask_bucket(asking, s3_parts::kAcl);
    settings.acl = std::move(acl);
    co_return settings;
}

Task<S3Newest> ask_newest(std::shared_ptr<Asking> asking, s3_parts::Entry entry, bool head, bool lock,
                          std::optional<s3_parts::Pending> before) {
    // "null" is what there is while versioning is off; a service without versions does not know it.
    const std::string version = entry.version_id == "null" ? std::string{} : entry.version_id;
    S3Newest newest;
    if (head) {
        const Duration share = asking->share();
        auto answer = co_await s3_parts::head_object(asking->world(), asking->access(), entry.key, version, share);
        newest.head = std::move(answer);
    }
    if (const auto earlier = s3_asks_earlier(before, entry, newest)) {
        const Duration share = asking->share();
        auto answer =
            co_await s3_parts::head_object(asking->world(), asking->access(), earlier->key, earlier->version_id, share);
        newest.earlier = std::move(answer);
    }
    if (lock) {
        auto retention = co_await ask_setting(asking, s3_parts::kRetention, entry.key, version);
        newest.retention = std::move(retention);
    }
    co_return newest;
}

Task<Collected> collect(Options options, Run run) {
    const Duration until = run.world.timers().elapsed() + run.timeout;
    auto access = co_await s3_parts::sign_in(run.world, static_cast<const s3_parts::ClientOptions&>(options), run.check,
                                             run.timeout / 3);
    if (!access)
        co_return std::unexpected(std::move(access.error()));
    const auto asking = std::make_shared<Asking>(run, std::move(*access), until);
    const S3Expected expected = expectations(options);
    const s3_parts::Cursor before = s3_parts::read_cursor(run.cursor);
    const KeyPattern pattern(options.key, options.prefix);
    auto gathered = co_await list(asking, pattern, expected.min_size);
    if (!gathered)
        co_return std::unexpected(std::move(gathered.error()));
    S3Answers answers;
    answers.series = gathered->series();
    auto settings = co_await ask_settings(asking, expected);
    answers.settings = std::move(settings);
    const bool lock = s3_asks_lock(answers.settings);
    for (const auto& [subject, series] : answers.series) {
        if (series.newest.empty())
            continue;
        if (answers.newest.size() == kS3MostAsked)
            break;
        s3_parts::Entry entry = s3_parts::newest_of(series);
        auto pending = before.find(subject);
        auto newest = co_await ask_newest(asking, std::move(entry), options.head, lock, std::move(pending));
        answers.newest.emplace(subject, std::move(newest));
    }
    co_return interpret_s3(expected, answers, before, run.now);
}

} // namespace

Kind s3() {
    return kind<Options>(
        {.name = "s3",
         .summary = "objects and versions in S3 buckets, and what keeps them safe",
         .brings = {EvidenceKind::recovery_points, EvidenceKind::assertions, EvidenceKind::replication},
         .access =
             R"(a policy such as `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:ListBucket", )"
             R"("s3:ListBucketVersions", "s3:GetBucketVersioning", "s3:GetBucketObjectLockConfiguration", )"
             R"("s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration", )"
             R"("s3:GetBucketPublicAccessBlock", "s3:GetBucketPolicyStatus", "s3:GetBucketAcl"], )"
             R"("Resource": "arn:aws:s3:::BUCKET"}, {"Effect": "Allow", "Action": ["s3:GetObjectRetention", )"
             R"("s3:GetObject", "s3:GetObjectVersion"], "Resource": "arn:aws:s3:::BUCKET/PREFIX*"}]}`, of which each )"
             "Get of the bucket is for the option that asks for it; with head = false nobody needs GetObject and "
             "GetObjectVersion, by which the objects could be read",
         .every = std::chrono::minutes{5},
         .timeout = std::chrono::minutes{1}},
        kOptions, collect, {.check = check, .target = target});
}

} // namespace recoverd::collectors
