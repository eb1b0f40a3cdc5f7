// SPDX-License-Identifier: Apache-2.0
// The SRV records in what a name server sent; pure, for fuzzers.
#pragma once

#include "io/resolve.hpp"

#include <optional>
#include <span>
#include <vector>

namespace recoverd::io {

/// By priority and weight; nothing for a reply that is not well-formed. At most 64 KiB, which is all that DNS sends.
std::optional<std::vector<Service>> read_services(std::span<const unsigned char> reply);

} // namespace recoverd::io
