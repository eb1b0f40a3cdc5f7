// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace recoverd::worker {

/// Names are bytes; JSON and labels are UTF-8. What is not printable becomes \xNN.
std::string printable(std::string_view bytes);

} // namespace recoverd::worker
