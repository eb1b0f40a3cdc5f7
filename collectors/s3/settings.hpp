// SPDX-License-Identifier: Apache-2.0
// What a bucket says of its settings, each a subresource of its own with three answers: this, not configured, not
// known. Pure. Documents that are not what was asked for are not known: a service that does not know a subresource
// answers 501, or 200 with a listing of the bucket (Ceph 16 to ?encryption).
#pragma once

#include "collectors/collector.hpp"
#include "io/xml.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::collectors::s3_parts {

/// A subresource, the element that its document must be, and the code of the error that says there is none.
struct Subresource {
    std::string_view query;
    std::string_view root;
    std::string_view none_code;
};
inline constexpr Subresource kVersioning{"versioning", "VersioningConfiguration", ""};
inline constexpr Subresource kObjectLock{"object-lock", "ObjectLockConfiguration",
                                         "ObjectLockConfigurationNotFoundError"};
inline constexpr Subresource kEncryption{"encryption", "ServerSideEncryptionConfiguration",
                                         "ServerSideEncryptionConfigurationNotFoundError"};
inline constexpr Subresource kLifecycle{"lifecycle", "LifecycleConfiguration", "NoSuchLifecycleConfiguration"};
inline constexpr Subresource kPublicAccessBlock{"publicAccessBlock", "PublicAccessBlockConfiguration",
                                                "NoSuchPublicAccessBlockConfiguration"};
inline constexpr Subresource kPolicyStatus{"policyStatus", "PolicyStatus", "NoSuchBucketPolicy"};
inline constexpr Subresource kAcl{"acl", "AccessControlPolicy", ""};
inline constexpr Subresource kReplication{"replication", "ReplicationConfiguration",
                                          "ReplicationConfigurationNotFoundError"};
/// Of an object.
inline constexpr Subresource kRetention{"retention", "Retention", "NoSuchObjectLockConfiguration"};

/// Nothing: the service says that it is not configured.
using Setting = Result<std::optional<io::Xml>>;
Setting read_setting(const io::HttpAnswer& answer, const Subresource& asked, std::string_view name);

/// One fact out of a document; a failure is passed on, and so is a document that does not hold what it must.
template <class Fact>
using Known = Result<Fact>;

/// `read` is given the document, or nullptr when it is not configured.
template <class Read>
auto known(const Setting& setting, Read read) -> Known<decltype(read(nullptr))> {
    if (!setting)
        return std::unexpected(setting.error());
    return understood([&] { return read(*setting ? &**setting : nullptr); });
}

/// Enabled, Suspended, or "never enabled".
Known<std::string> versioning_of(const Setting& setting);

struct DefaultRetention {
    bool enabled = false;
    /// GOVERNANCE or COMPLIANCE; empty without a rule: then only what is locked one by one is locked.
    std::string mode;
    Duration keeps{0};
};
Known<DefaultRetention> default_retention_of(const Setting& setting);

/// The algorithm, or "none".
Known<std::string> encryption_of(const Setting& setting);

/// The keys that are looked at as one subject's.
struct SeriesKeys {
    /// What each of them begins with, those to come as well.
    std::string_view prefix;
    /// Is it all below the prefix, rather than what a pattern fits?
    bool all_below = false;
    /// Those that are there, sorted.
    std::vector<std::string_view> there = {};
};

/// What a rule of the lifecycle deletes first.
struct Expiry {
    std::string rule;
    Duration after{0};
    /// Does it ask for tags or sizes as well? Then only some objects are meant, and nobody knows which.
    bool conditional = false;
};
/// Of the rules that are enabled and touch `keys`: the soonest that holds for whatever it is about, and the soonest of
/// those that ask for tags or sizes as well. A rule for a part of what is below the keys' prefix touches them where one
/// that is there is in that part, or where all below the prefix is looked at. `versions`: do older versions count, or
/// only what is current?
struct Expiries {
    std::optional<Expiry> certain;
    std::optional<Expiry> conditional;
    /// The first rule that deletes by something that is not known here.
    std::optional<std::string> unclear;
};
Known<Expiries> expiries_of(const Setting& setting, const SeriesKeys& keys, bool versions);

/// A bucket that objects are replicated to.
struct Destination {
    std::string bucket;
    /// Does every rule that goes there ask for tags as well? Then only some objects are meant, and nobody knows which.
    bool conditional = false;

    bool operator==(const Destination&) const = default;
};
/// Those of the object `key`, each once.
Known<std::vector<Destination>> destinations_of(const Setting& setting, std::string_view key);

} // namespace recoverd::collectors::s3_parts
