// SPDX-License-Identifier: Apache-2.0
#include "collectors/http/options.hpp"

#include "core/ascii.hpp"
#include "io/client_options.hpp"
#include "io/http.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::http_parts {

namespace {

using core::config::Diagnostics;
using core::config::Node;
using core::config::Place;
using core::config::Table;

/// A number, a text, or a list of them.
std::vector<StatusRange> read_status(const Node& node, const std::string& path, Diagnostics& diagnostics) {
    std::vector<StatusRange> ranges;
    const auto add = [&](const Node& one) {
        const auto* number = std::get_if<std::int64_t>(&one.value);
        const std::string text = number ? std::to_string(*number) : one.text() ? *one.text() : std::string{};
        if (const auto parsed = parse_status_ranges(text))
            ranges.insert(ranges.end(), parsed->begin(), parsed->end());
        else
            diagnostics.mistake(one.at, path,
                                number || one.text()
                                    ? parsed.error()
                                    : fmt::format("expected a status, found {}", core::config::describe(one)));
    };
    if (const auto* list = node.array())
        std::for_each(list->begin(), list->end(), add);
    else
        add(node);
    if (node.array() && node.array()->empty())
        diagnostics.mistake(node.at, path, "expected at least one status, found none");
    return ranges;
}

std::vector<std::pair<std::string, Node>> read_json(const Node& node, const std::string& path,
                                                    Diagnostics& diagnostics) {
    std::vector<std::pair<std::string, Node>> expected;
    const Table* table = node.table();
    if (!table)
        diagnostics.mistake(node.at, path, fmt::format("expected a table, found {}", core::config::describe(node)));
    for (const auto& entry : table ? *table : Table{}) {
        if (!entry.key.empty() && entry.key.front() != '/')
            diagnostics.mistake(entry.key_at, path, fmt::format("expected a JSON pointer, found '{}'", entry.key),
                                fmt::format("write \"/{}\"", entry.key));
        else if (entry.node.table() || entry.node.array())
            diagnostics.mistake(
                entry.node.at, path,
                fmt::format("expected a string, number or boolean, found {}", core::config::describe(entry.node)),
                "point at each member by itself");
        else
            expected.emplace_back(entry.key, entry.node);
    }
    return expected;
}

std::vector<std::pair<std::string, BodyPattern>> read_headers(const Node& node, const std::string& path,
                                                              Diagnostics& diagnostics) {
    std::vector<std::pair<std::string, BodyPattern>> expected;
    const Table* table = node.table();
    if (!table)
        diagnostics.mistake(node.at, path, fmt::format("expected a table, found {}", core::config::describe(node)),
                            "write expect_headers = { Content-Type = \"application/json\" }");
    for (const auto& entry : table ? *table : Table{}) {
        const std::string* text = entry.node.text();
        if (!io::is_token(entry.key))
            diagnostics.mistake(entry.key_at, path,
                                fmt::format("expected the name of a header, found '{}'", entry.key));
        else if (!text)
            diagnostics.mistake(
                entry.node.at, path,
                fmt::format("expected text or a /regular expression/, found {}", core::config::describe(entry.node)));
        else if (auto pattern = BodyPattern::parse(*text); !pattern)
            diagnostics.mistake(entry.node.at, path, pattern.error());
        else
            expected.emplace_back(core::ascii_lower(std::string_view{entry.key}), std::move(*pattern));
    }
    return expected;
}

} // namespace

HttpExpectations read_expectations(const Asked& asked, const Place& place, Diagnostics& diagnostics) {
    HttpExpectations expected;
    if (asked.expect_status)
        expected.status = read_status(*asked.expect_status, place.path + ".expect_status", diagnostics);
    if (asked.expect_headers)
        expected.headers = read_headers(*asked.expect_headers, place.path + ".expect_headers", diagnostics);
    if (asked.expect_json)
        expected.json = read_json(*asked.expect_json, place.path + ".expect_json", diagnostics);
    if (auto pattern = BodyPattern::parse(asked.expect_body); !pattern)
        diagnostics.mistake(place.at, place.path + ".expect_body", pattern.error());
    else if (!asked.expect_body.empty())
        expected.body = std::move(*pattern);
    return expected;
}

io::HttpRequest blank_request(std::string url) {
    io::HttpRequest request;
    request.cut_body = true; // a long page is no outage
    request.want_certificate = url.starts_with("https:");
    request.url = std::move(url);
    return request;
}

io::HttpRequest request_like(const Options& options, const Asked& asked, const HttpExpectations& expected) {
    io::HttpRequest request = blank_request(asked.url);
    request.verb = asked.verb;
    request.body = asked.body;
    request.proxy = options.proxy;
    request.fresh_connection = options.fresh_connection;
    request.max_body = options.max_body.bytes;
    constexpr std::array kRedirects{301, 302, 303, 307, 308};
    if (std::any_of(kRedirects.begin(), kRedirects.end(), [&](int status) { return accepts(expected.status, status); }))
        request.max_redirects = 0;
    return request;
}

io::TlsOptions read_tls(const Options& options, const Place& place, Diagnostics& diagnostics) {
    return options.tls ? io::read_tls(*options.tls, place.path + ".tls", diagnostics) : io::TlsOptions{};
}

io::AuthRefs read_auth(const Options& options, const Place& place, Diagnostics& diagnostics) {
    return options.auth ? io::read_auth(*options.auth, place.path + ".auth", diagnostics) : io::AuthRefs{};
}

} // namespace recoverd::collectors::http_parts
