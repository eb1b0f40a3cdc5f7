// SPDX-License-Identifier: Apache-2.0
// Who besides its account may get at a bucket. Pure.
#pragma once

#include "collectors/s3/settings.hpp"

namespace recoverd::collectors::s3_parts {

/// Does the block alone settle it? With IgnorePublicAcls and RestrictPublicBuckets neither ACL nor policy opens
/// anything.
Known<bool> blocked(const Setting& public_access_block);

/// "none", or what opens it: "policy", "ACL", "policy and ACL". What is not known of one of the two leaves it unknown,
/// unless the other opens it.
Known<std::string> public_access_of(const Setting& policy_status, const Setting& acl);

} // namespace recoverd::collectors::s3_parts
