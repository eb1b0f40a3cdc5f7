// SPDX-License-Identifier: Apache-2.0
// Replies of RESP as tests/data has them.
#pragma once

#include "io/resp.hpp"

#include <string>
#include <string_view>

namespace recoverd::test {

/// All values in these bytes, whole ones only; throws io::BadDocument as the reader does.
std::vector<io::RespValue> replies(std::string_view bytes);

} // namespace recoverd::test
