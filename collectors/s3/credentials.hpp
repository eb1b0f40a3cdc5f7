// SPDX-License-Identifier: Apache-2.0
// The keys that requests to S3 are signed with, wherever they come from. They are got anew for every run: what is
// temporary must not be older than it is good for, and nothing of it may lie on a disk.
#pragma once

#include "collectors/s3/options.hpp"

namespace recoverd::collectors::s3_parts {

struct Keys {
    std::string access_key_id;
    io::Secret secret_access_key;
    /// Of temporary keys.
    io::Secret session_token;
};

/// `session`: what the role's session is called in the other side's audit log.
Task<Result<Keys>> open_keys(io::World& world, ClientOptions options, std::string session, Duration timeout);

// Pure parts. Documents that are none throw io::BadDocument.

/// A profile of a shared credentials file; `misconfigured` when it is not there or not whole.
Result<Keys> read_profile(std::string_view file, std::string_view profile);
/// What STS answered to AssumeRoleWithWebIdentity.
Keys read_assumed_role(std::string_view xml);
/// What the instance metadata service says of a role.
Result<Keys> read_instance_role(std::string_view json);
/// [\w+=,.@-]{2,64} is all that a session may be called.
std::string session_name(std::string_view check);

} // namespace recoverd::collectors::s3_parts
