// SPDX-License-Identifier: Apache-2.0
// What S3 and STS say when they do not do as they were asked. Pure.
#pragma once

#include "collectors/collector.hpp"

#include <string>
#include <string_view>

namespace recoverd::collectors::s3_parts {

/// The <Code> and <Message> of an error's body. Both are empty where there is none: after HEAD, and from what stands in
/// between and speaks HTML.
struct ErrorBody {
    std::string code;
    std::string message;
};
ErrorBody read_error(std::string_view body);

/// Why `what` was not to be had: `refused` for 401 and 403, `misconfigured` for a bucket in another region, else
/// `bad_answer`; the code in the service's words, and a hint where the cause is usually another than it says.
Failure failure_of(const io::HttpAnswer& answer, std::string_view what);

/// Does it say that there is no such object? 404 with code NoSuchKey, or NoSuchVersion; of a HEAD, which has no body,
/// any 404, and 405 where the version that was asked for is a delete marker. Another 404 is of a bucket, or of
/// something that is no S3.
bool says_no_such_key(const io::HttpAnswer& answer, bool head);

} // namespace recoverd::collectors::s3_parts
