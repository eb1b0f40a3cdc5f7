// SPDX-License-Identifier: Apache-2.0
// The options of the `http` collector. One request and each of several steps are asked for in the same words.
#pragma once

#include "collectors/http/expectations.hpp"
#include "io/client_options.hpp"

namespace recoverd::collectors::http_parts {

/// What is asked, and what is expected of its answer.
struct Asked {
    std::string url;
    std::string verb = "GET";
    core::Labels headers;
    std::string body;
    std::optional<core::config::Node> expect_status;
    std::optional<core::config::Node> expect_headers;
    std::string expect_body;
    std::optional<core::config::Node> expect_json;
};

struct Options : Asked {
    std::optional<core::config::Node> steps;
    std::optional<core::config::Node> secrets;
    std::optional<Duration> slow;
    bool fresh_connection = false;
    core::config::Size max_body{std::uint64_t{1} << 20U};
    std::optional<core::config::Node> tls;
    std::optional<core::config::Node> auth;
    std::string proxy;
};

/// All but `slow`, which is the check's.
HttpExpectations read_expectations(const Asked& asked, const core::config::Place& place,
                                   core::config::Diagnostics& diagnostics);

/// Asks for that URL as every check here does.
io::HttpRequest blank_request(std::string url);
/// What is asked, in the manner of the whole check; without headers, TLS and credentials.
io::HttpRequest request_like(const Options& options, const Asked& asked, const HttpExpectations& expected);

io::TlsOptions read_tls(const Options& options, const core::config::Place& place,
                        core::config::Diagnostics& diagnostics);
io::AuthRefs read_auth(const Options& options, const core::config::Place& place,
                       core::config::Diagnostics& diagnostics);

} // namespace recoverd::collectors::http_parts
