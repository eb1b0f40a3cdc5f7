// SPDX-License-Identifier: Apache-2.0
// `retention`: what topics promise to keep.
#pragma once

#include "core/config/options.hpp"

#include <string>
#include <vector>

namespace recoverd::collectors::kafka_parts {

/// Of the topics that match `pattern`. Both empty and zero: nothing is promised.
struct Promise {
    std::string pattern;
    /// `cleanup.policy`: delete or compact; empty for nothing.
    std::string policy;
    /// With delete: how long a record is kept at least.
    core::Duration retention{0};

    bool operator==(const Promise&) const = default;
};

/// A duration for all topics ("7d"), or a table of patterns: { "*" = "7d", "*-changelog" = "compact", "tmp-*" = "none"
/// }.
std::vector<Promise> read_promises(const core::config::Node& node, const std::string& path,
                                   core::config::Diagnostics& diagnostics);

} // namespace recoverd::collectors::kafka_parts
