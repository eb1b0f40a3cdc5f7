// SPDX-License-Identifier: Apache-2.0
// How names and parameters stand in a URL that is signed. curl 7.88 signs what stands there: the service, which
// decodes, sorts and encodes again, must come to the same.
#pragma once

#include "io/percent.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace recoverd::collectors::s3_parts {

using Query = std::vector<std::pair<std::string, std::string>>;

using io::percent_encoded;

/// "a=1&b=&c=%2F": sorted by name, then value; one without a value keeps its '='.
std::string canonical_query(Query query);

/// Of names in listings that were asked for with encoding-type=url: '+' is a space there.
std::string percent_decoded(std::string_view text);

/// An ETag without the quotes around it.
std::string unquoted(std::string_view etag);

/// Can the key stand in a URL? curl takes "." and ".." out of a path, whatever they were meant for.
bool can_be_asked(std::string_view key);

} // namespace recoverd::collectors::s3_parts
