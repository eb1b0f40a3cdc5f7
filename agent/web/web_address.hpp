// SPDX-License-Identifier: Apache-2.0
// Where the web server is for those who reach it through others: links are made of it, and paths begin with it.
#pragma once

#include <string>

namespace recoverd::agent {

struct WebAddress {
    /// "https://ops.example/recoverd", or empty.
    std::string external_url;
    /// "/recoverd", or empty.
    std::string route_prefix;

    bool operator==(const WebAddress&) const = default;
};

/// As Prometheus takes the same two: no slash ends them, and the prefix is the URL's path when none is said; "/" says
/// that there is none.
WebAddress normalized(WebAddress said);

} // namespace recoverd::agent
