// SPDX-License-Identifier: Apache-2.0
// What is expected of an answer of HTTP, and what an answer says about its server. For tests and fuzzers.
#pragma once

#include "collectors/collector.hpp"
#include "collectors/http/expression.hpp"

namespace recoverd::collectors {

struct StatusRange {
    int first = 200;
    int last = 299;
    bool operator==(const StatusRange&) const = default;
};

/// "200-399,404", or the reason why it is none.
std::expected<std::vector<StatusRange>, std::string> parse_status_ranges(std::string_view text);

bool accepts(const std::vector<StatusRange>& ranges, int status);

/// A piece of text, or a regular expression: "/…/" or "/…/i" (RE2; `.` matches line ends as well). For bodies, and for
/// values of headers, which are looked at each by itself.
class BodyPattern {
  public:
    /// The error says what is wrong with the expression.
    static std::expected<BodyPattern, std::string> parse(std::string text);

    bool found_in(const std::string& body) const;
    const std::string& text() const { return text_; }

  private:
    std::string text_;
    std::optional<http_parts::Expression> expression_;
};

struct HttpExpectations {
    std::vector<StatusRange> status{StatusRange{}};
    /// Names in lower case. Of several values of one name, one has to match.
    std::vector<std::pair<std::string, BodyPattern>> headers;
    std::optional<BodyPattern> body;
    /// JSON pointer and the scalar that must stand there.
    std::vector<std::pair<std::string, core::config::Node>> json;
    std::optional<Duration> slow;
};

/// Is this piece of an answer one that may not be told to anybody?
using Hidden = std::function<bool(std::string_view)>;

core::Reachability interpret_http(const HttpExpectations& expected, const io::HttpAnswer& answer,
                                  const Hidden& hidden = {});

} // namespace recoverd::collectors
