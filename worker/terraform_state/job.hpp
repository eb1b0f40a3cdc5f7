// SPDX-License-Identifier: Apache-2.0
// The terraform_state job: reads a state from a file, or from what follows the options, and tells as one line of JSON
// what collectors/terraform_state.cpp asks for.
#pragma once

#include "core/failure.hpp"

#include <functional>
#include <istream>
#include <string>
#include <string_view>

namespace recoverd::worker::terraform_state {

/// `options`: {"path": …, "max_size": bytes}, or {} when the state follows in `more`. `pause` is called between two
/// attempts to read a file that is being written. Throws io::BadDocument.
core::Result<std::string> look(std::string_view options, std::istream& more, const std::function<void()>& pause);

} // namespace recoverd::worker::terraform_state
