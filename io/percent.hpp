// SPDX-License-Identifier: Apache-2.0
// Percent-encoding (RFC 3986, 2.1).
#pragma once

#include <string>
#include <string_view>

namespace recoverd::io {

/// All but the unreserved characters (A-Z a-z 0-9 - . _ ~) and what is in `kept` as %XX, in capitals.
std::string percent_encoded(std::string_view text, std::string_view kept = {});
/// The other way. A '%' that begins nothing stays, and so does '+'.
std::string percent_decoded(std::string_view text);

} // namespace recoverd::io
