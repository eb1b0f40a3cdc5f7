// SPDX-License-Identifier: Apache-2.0
// What a check does not know, as the API tells of it.
#pragma once

#include "io/json.hpp"

#include <string>
#include <vector>

namespace recoverd::agent {

/// One line each: the check as a whole, when its last run learned nothing or there was none, else each subject that
/// could not be seen and each expectation of which nobody can tell whether it holds. What vanished is known to be gone:
/// its alert tells. Throws io::BadDocument.
std::vector<std::string> unknown_of(const io::Json& check);

} // namespace recoverd::agent
