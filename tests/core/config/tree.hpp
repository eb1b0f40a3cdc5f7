// SPDX-License-Identifier: Apache-2.0
// Values as a file would give them, without the file.
#pragma once

#include "core/config/node.hpp"

#include <string>
#include <utility>
#include <vector>

namespace recoverd::core::config {

inline Node node(auto value) { return {std::move(value), {}}; }
inline Node text(std::string value) { return node(std::move(value)); }
inline Entry entry(std::string key, Node value) { return {std::move(key), {}, std::move(value)}; }
inline Node table(std::vector<Entry> entries) { return node(Table(std::move(entries))); }
inline Node list(std::vector<Node> nodes) { return node(Array(std::move(nodes))); }

} // namespace recoverd::core::config
