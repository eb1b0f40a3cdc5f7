// SPDX-License-Identifier: Apache-2.0
// A path of several requests, of which later ones say what earlier ones were told.
#pragma once

#include "collectors/http/options.hpp"
#include "collectors/http/take.hpp"

#include <map>

namespace recoverd::collectors::http_parts {

inline constexpr std::size_t kMostSteps = 20;

/// One of it, understood.
struct Step {
    std::string name;
    /// All but what is filled in, and credentials.
    io::HttpRequest request;
    Template url;
    std::vector<std::pair<std::string, Template>> headers;
    Template body;
    Filling body_as = Filling::json;
    /// May it have the check's credentials? Not at another server than the first step's.
    bool trusted = true;
    HttpExpectations expected;
    std::vector<Take> takes;
};

struct Path {
    std::vector<Step> steps;
    io::AuthRefs auth;
    /// Variables that are known from the beginning.
    std::map<std::string, SecretRef> secrets;
    std::optional<Duration> slow;
    std::string target;
};

/// `table` is what `options` were read from.
Path read_path(const Options& options, const core::config::Table& table, const core::config::Place& place,
               core::config::Diagnostics& diagnostics);

/// Plays it, each step once: what ends it is the evidence, and nothing that was sent is sent again.
Task<Collected> play(std::shared_ptr<const Path> path, Run run);

} // namespace recoverd::collectors::http_parts
