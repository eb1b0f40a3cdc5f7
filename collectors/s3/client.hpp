// SPDX-License-Identifier: Apache-2.0
// Asking an S3 service, signed. A run signs in once and asks as often as it needs:
//
//     auto access = co_await s3_parts::sign_in(run.world, options, run.check, run.timeout);
//     if (!access) co_return std::unexpected(access.error());
//     auto object = co_await s3_parts::get_object(run.world, *access, "env/terraform.tfstate", 64 << 20, left);
//     if (!object) co_return std::unexpected(object.error());     // could not be learned
//     if (!*object) …                                             // there is no such object
//
// Nothing is followed to another host, no answer may be larger than was asked for, and what is no answer of S3 is a
// failure, whatever its status.
#pragma once

#include "collectors/s3/credentials.hpp"
#include "collectors/s3/encoding.hpp"
#include "collectors/s3/options.hpp"

#include <optional>
#include <string>
#include <vector>

namespace recoverd::collectors::s3_parts {

/// Where to ask and how to sign it; good for one run.
struct Access {
    std::string bucket;
    /// scheme://host[:port][/path] of the bucket.
    std::string url;
    io::HttpAuth auth;
    io::TlsOptions tls;
    std::string proxy;
};

/// Opens the keys, which may mean to ask STS or the instance metadata service. `check` names the session to them.
Task<Result<Access>> sign_in(io::World& world, ClientOptions options, std::string check, Duration timeout);

struct Ask {
    std::string verb = "GET";
    /// Empty for the bucket itself.
    std::string key;
    Query query;
    std::size_t max_body = std::size_t{1} << 20U;
    Duration timeout{10'000};
};
/// The answer, whatever its status; see failure_of() in answers.hpp. `misconfigured` for a key with "." or ".." between
/// slashes, which cannot be asked for.
Task<Result<io::HttpAnswer>> ask(io::World& world, Access access, Ask what);
/// The same as it is sent, for who wants to see it.
io::HttpRequest signed_request(const Access& access, const Ask& what);
/// "GET s3://bucket/key?versioning=", for failures.
std::string name_of(const Access& access, const Ask& what);

/// What the headers of an object say; what they do not say is not told.
struct Attributes {
    std::optional<std::uint64_t> size_bytes;
    std::optional<Time> last_modified;
    /// Without its quotes. The MD5 of the object only where it was put in one part and is not encrypted by KMS.
    std::string etag;
    std::string version_id;
    /// AES256, aws:kms, aws:kms:dsse, or empty.
    std::string encryption;
    /// GOVERNANCE or COMPLIANCE; empty when not locked, or without s3:GetObjectRetention.
    std::string lock_mode;
    bool legal_hold = false;
    /// COMPLETED, COMPLETE, PENDING, FAILED, REPLICA; empty where no rule matched.
    std::string replication;
    /// Empty for STANDARD.
    std::string storage_class;
    /// ARCHIVE_ACCESS or DEEP_ARCHIVE_ACCESS of INTELLIGENT_TIERING.
    std::string archive_status;
    /// Is there a copy that was brought back from an archive?
    bool restored = false;
    std::string content_encoding;
};
Attributes read_attributes(const io::HttpAnswer& answer);

struct Object {
    Attributes attributes;
    /// Decompressed where the object has a Content-Encoding.
    std::string body;
};

/// Nothing: there is no such object, or its newest version is a delete marker. A body above `max_body` is `bad_answer`.
Task<Result<std::optional<Object>>> get_object(io::World& world, Access access, std::string key, std::size_t max_body,
                                               Duration timeout);
/// Nothing as above; but without s3:ListBucket a missing object is `refused`. HEAD tells no causes.
Task<Result<std::optional<Attributes>>> head_object(io::World& world, Access access, std::string key,
                                                    std::string version_id, Duration timeout);

} // namespace recoverd::collectors::s3_parts
