// SPDX-License-Identifier: Apache-2.0
// Label sets as Prometheus and Alertmanager know them: sorted by name, no empty values.
#pragma once

#include <map>
#include <string>

namespace recoverd::core {

using Labels = std::map<std::string, std::string, std::less<>>;

} // namespace recoverd::core
