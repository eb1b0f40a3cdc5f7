// SPDX-License-Identifier: Apache-2.0
// Small pieces of HTML that every part of the page is made of. Text that comes from elsewhere is escaped by whoever
// puts it in; parameters called `markup` are taken as they are.
#pragma once

#include "core/finding.hpp"
#include "core/time.hpp"

#include <string>
#include <string_view>

namespace recoverd::exporters::page {

/// good, warn, bad or none.
std::string_view tone(core::Priority priority);
/// A coloured word; `text` is escaped.
std::string tag(std::string_view tone_name, std::string_view text);
/// "2026-11-22T02:57:00Z, 3m ago"
std::string moment(core::Time at, core::Time now);
/// "2026-11-22T02:57:00Z"
std::string time_only(core::Time at);
/// The name of an asset or check, leading to its own page. `root`: the way to `/` from where the link stands.
std::string asset_link(std::string_view name, std::string_view root = "");
std::string check_link(std::string_view name, std::string_view root = "");
/// A name as one part of a path.
std::string path_part(std::string_view name);
/// One line of a list of facts.
void row(std::string& out, std::string_view term, std::string_view markup);
/// "and 12 more in …", when not all were shown.
void more(std::string& out, std::size_t all, std::size_t shown, std::string_view where_else);

} // namespace recoverd::exporters::page
