// SPDX-License-Identifier: Apache-2.0
// The options common to every check, as they are written. Shared by checks.cpp and subjects.cpp.
#pragma once

#include "core/config/options.hpp"

namespace recoverd::core::config {

struct CheckOptions {
    std::string collector;
    std::string asset;
    std::optional<Duration> every;
    std::optional<Duration> timeout;
    std::int64_t failures = 3;
    std::int64_t successes = 2;
    Labels labels;
    std::optional<Node> policy;
    std::string scope = "cluster";
    std::optional<Node> location;
    Labels asset_map;
    std::optional<Node> subject;
    bool discover = false;
    std::string asset_class;
    std::optional<Node> for_each;
    std::string targets_file;
};

} // namespace recoverd::core::config
