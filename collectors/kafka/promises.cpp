// SPDX-License-Identifier: Apache-2.0
#include "collectors/kafka/promises.hpp"

#include "core/config/values.hpp"

#include <fmt/format.h>

namespace recoverd::collectors::kafka_parts {

namespace {

using core::config::Diagnostics;
using core::config::Node;

Promise read_promise(std::string pattern, const Node& node, const std::string& path, Diagnostics& diagnostics) {
    Promise promise{.pattern = std::move(pattern)};
    const std::string* text = node.text();
    if (!text) {
        diagnostics.mistake(node.at, path, fmt::format("expected a duration, found {}", describe(node)));
    } else if (*text == "compact") {
        promise.policy = "compact";
    } else if (const auto kept = core::config::parse_duration(*text); kept && *kept > core::Duration{0}) {
        promise.policy = "delete";
        promise.retention = *kept;
    } else if (*text != "none") {
        diagnostics.mistake(node.at, path, fmt::format("expected a duration, 'compact' or 'none', found '{}'", *text),
                            "write retention = \"7d\", or retention = { \"*\" = \"7d\", \"state-*\" = \"compact\" }.");
    }
    return promise;
}

} // namespace

std::vector<Promise> read_promises(const Node& node, const std::string& path, Diagnostics& diagnostics) {
    std::vector<Promise> promises;
    const core::config::Table* table = node.table();
    if (!table) {
        promises.push_back(read_promise("*", node, path, diagnostics));
        return promises;
    }
    for (const auto& entry : *table)
        promises.push_back(read_promise(entry.key, entry.node, path + "." + entry.key, diagnostics));
    return promises;
}

} // namespace recoverd::collectors::kafka_parts
