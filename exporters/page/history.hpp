// SPDX-License-Identifier: Apache-2.0
// What happened to an asset or a check, on its page.
#pragma once

#include "core/failure.hpp"
#include "core/history.hpp"

#include <span>
#include <string>
#include <vector>

namespace recoverd::exporters::page {

/// So many of the newest are shown; the API has more.
inline constexpr std::size_t kMostEvents = 30;

/// A section of the page. `where_else`: the way to the rest. A history that cannot be read says why.
std::string history(const core::Result<std::vector<core::Event>>& events, std::string_view where_else, core::Time now);

} // namespace recoverd::exporters::page
