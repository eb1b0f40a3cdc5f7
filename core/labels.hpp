// SPDX-License-Identifier: Apache-2.0
// Label sets as Prometheus and Alertmanager know them: sorted by name, no empty values.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace recoverd::core {

using Labels = std::map<std::string, std::string, std::less<>>;

/// How labels begin that say what no source tells: declared, not verified, and nothing to route by.
inline constexpr std::string_view kDeclaredLabel = "declared_";

} // namespace recoverd::core
