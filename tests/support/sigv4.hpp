// SPDX-License-Identifier: Apache-2.0
// The other side of AWS' signature version 4: what a service computes of a request that it got, after the document
// "Signature Calculations for the Authorization Header". Independent of what signs.
#pragma once

#include "tests/support/scripted_server.hpp"

#include <string>

namespace recoverd::test {

/// What is wrong with its signature by this key, or nothing: headers that must be signed and are not, a hash of the
/// body that is not its hash, another signature.
std::string fault_of_signature(const ServedRequest& request, const std::string& secret_key);

/// The signature alone, for the headers that its Authorization names.
std::string expected_signature(const ServedRequest& request, const std::string& secret_key);

/// Answers 403 as S3 does when the signature does not hold, else goes on.
Script signed_with(std::string secret_key, Script then);

} // namespace recoverd::test
