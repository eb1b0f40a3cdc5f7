// SPDX-License-Identifier: Apache-2.0
// What a bucket, its listing and its newest objects say. Pure: tests feed it documents.
#pragma once

#include "collectors/s3/client.hpp"
#include "collectors/s3/cursor.hpp"
#include "collectors/s3/series.hpp"
#include "collectors/s3/settings.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace recoverd::collectors {

/// What the configuration says about the bucket.
struct S3Expected {
    /// What every key that is looked at begins with.
    std::string prefix;
    /// Is all below it looked at, rather than what a pattern fits?
    bool all_below = false;
    /// Are the versions of an object the recovery points, or the objects?
    bool versions = false;
    std::uint64_t min_size = 1;
    /// Is each version made by the change itself, so that an old one is as good as a new one?
    bool changes_rarely = false;
    bool versioning = false;
    /// GOVERNANCE or COMPLIANCE; empty when it is not asked for. The same goes for the others.
    std::string object_lock;
    std::optional<Duration> default_retention;
    std::string encryption;
    bool is_private = false;
    bool at_hand = false;
    std::optional<Duration> retention;
    std::vector<std::string> replicas;
    std::string region;
};

/// Settings that were asked for.
struct S3Settings {
    std::optional<s3_parts::Setting> versioning;
    std::optional<s3_parts::Setting> object_lock;
    std::optional<s3_parts::Setting> encryption;
    std::optional<s3_parts::Setting> lifecycle;
    std::optional<s3_parts::Setting> public_access_block;
    std::optional<s3_parts::Setting> policy_status;
    std::optional<s3_parts::Setting> acl;
    std::optional<s3_parts::Setting> replication;
};

/// What the newest object of a subject says of itself, as far as it was asked.
struct S3Newest {
    std::optional<Result<std::optional<s3_parts::Attributes>>> head;
    /// The same of the one that s3_asks_earlier() names.
    std::optional<Result<std::optional<s3_parts::Attributes>>> earlier;
    std::optional<s3_parts::Setting> retention;

    /// Null where it did not tell.
    const s3_parts::Attributes* attributes() const { return head && *head && **head ? &***head : nullptr; }
};

struct S3Answers {
    std::map<std::string, s3_parts::Series, std::less<>> series;
    S3Settings settings;
    std::map<std::string, S3Newest, std::less<>> newest;
};

/// Which settings must be asked to judge by; of the policy and the ACL only when the block does not settle it.
std::vector<std::pair<s3_parts::Subresource, std::optional<s3_parts::Setting> S3Settings::*>>
s3_settings(const S3Expected& expected);

/// Must the newest object tell whether it is locked? Not where object lock is off, which is said as such.
bool s3_asks_lock(const S3Settings& settings);

/// The archive that the newest object must be brought back from before it can be read, which takes hours; empty where
/// it is read at once, nothing where that was not told.
std::optional<std::string> s3_archive(const s3_parts::Entry& newest, const S3Newest& told);

/// Of more subjects than these nobody waits for each one's newest object; what was asked for is then not known of them.
inline constexpr std::size_t kS3MostAsked = 200;

/// What was said to be expected of the bucket, for a subject whose newest object says `newest`.
std::vector<core::Assertion> s3_assertions(const S3Expected& expected, const S3Settings& settings,
                                           const s3_parts::Series& series, const S3Newest& newest, Time now);

/// Which object must be asked as well where the newest is on its way to where it is replicated to: the one that was
/// when the subject was last looked at. What is new each minute is always on its way, and tells nothing of what was
/// before.
std::optional<s3_parts::Entry> s3_asks_earlier(const std::optional<s3_parts::Pending>& before,
                                               const s3_parts::Entry& newest, const S3Newest& told);

/// What is on its way now, and since when: since a look first saw it so, and not since its Last-Modified, which of an
/// object in parts is when its upload began (Amazon). One after it that is on its way as well begins anew only where
/// one was seen to have arrived.
std::optional<s3_parts::Pending> s3_pending(std::optional<s3_parts::Pending> before, const s3_parts::Entry& newest,
                                            const S3Newest& told, Time now);

/// Whether the newest object, whose key is `key`, is where it shall be replicated to, or why nobody knows.
Result<core::Replication> s3_replication(const S3Expected& expected, const s3_parts::Setting& rules,
                                         std::string_view key, const S3Newest& newest,
                                         const std::optional<s3_parts::Pending>& pending, Time now);

/// `bad_answer` when a pattern with {subject} fits nothing, and never did: nothing to look at is no good news. `before`
/// is what the last run left.
Result<Seen> interpret_s3(const S3Expected& expected, const S3Answers& answers, const s3_parts::Cursor& before,
                          Time now);

} // namespace recoverd::collectors
