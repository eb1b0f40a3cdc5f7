// SPDX-License-Identifier: Apache-2.0
#include "collectors/http/expectations.hpp"

#include "collectors/connect_options.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace recoverd::collectors {

using core::Reachability;
using core::ReachState;
using core::config::Node;

namespace {

std::string in_words(const std::vector<StatusRange>& ranges) {
    std::vector<std::string> words;
    for (const auto& [first, last] : ranges)
        words.push_back(first == last ? std::to_string(first) : fmt::format("{}-{}", first, last));
    return fmt::format("{}", fmt::join(words, ", "));
}

bool equals(const io::Json& actual, const Node& expected) {
    if (const auto* text = expected.text())
        return actual.is_text() && actual.text() == *text;
    if (const auto* truth = std::get_if<bool>(&expected.value))
        return std::holds_alternative<bool>(actual.value()) && actual.boolean() == *truth;
    if (!actual.is_number())
        return false;
    if (const auto* whole = std::get_if<std::int64_t>(&expected.value))
        return actual.number() == static_cast<double>(*whole);
    const auto* number = std::get_if<double>(&expected.value);
    return number && actual.number() == *number;
}

std::string in_words(const io::Json& json, const Hidden& hidden) {
    constexpr std::size_t kMost = 60;
    if (json.absent())
        return "nothing";
    if (json.is_text() && hidden && hidden(json.text()))
        return "a value that was taken";
    if (json.is_text())
        return io::json_quote(std::string_view{json.text()}.substr(0, kMost));
    if (json.is_object() || json.is_array())
        return json.is_object() ? "an object" : "an array";
    if (json.is_number()) {
        std::string number = fmt::format("{}", json.number());
        return hidden && hidden(number) ? "a value that was taken" : number;
    }
    return json.null() ? "null" : json.boolean() ? "true" : "false";
}

/// What is wrong with the headers, or nothing. No value is told: cookies and tokens are among them.
std::string wrong_in_headers(const HttpExpectations& expected, const io::HttpAnswer& answer) {
    for (const auto& [name, pattern] : expected.headers) {
        std::size_t values = 0;
        bool holds = false;
        for (const auto& [found, value] : answer.headers)
            if (found == name) {
                ++values;
                holds = holds || pattern.found_in(value);
            }
        if (holds)
            continue;
        const std::string wanted = pattern.text().empty() ? "the" : fmt::format("'{}' in the", pattern.text());
        if (values == 0)
            return fmt::format("expected {} header '{}', found no such header", wanted, name);
        return fmt::format("expected {} header '{}', found {} without it", wanted, name,
                           values == 1 ? std::string{"a value"} : fmt::format("{} values", values));
    }
    return {};
}

/// What is wrong with the JSON of a body, or nothing.
std::string wrong_in_json(const HttpExpectations& expected, const io::HttpAnswer& answer, const Hidden& hidden) {
    if (expected.json.empty())
        return {};
    if (answer.cut)
        return fmt::format("expected JSON, found a body beyond {} bytes", answer.body.size());
    // A body that is no JSON is evidence about the server here, and not a failure to look: so it is caught here.
    try {
        const io::Json json = io::Json::parse(answer.body);
        for (const auto& [pointer, value] : expected.json)
            if (const auto& actual = json.at_pointer(pointer); !equals(actual, value))
                return fmt::format("expected {} at '{}', found {}", core::config::canonical(value), pointer,
                                   in_words(actual, hidden));
        return {};
    } catch (const io::BadDocument& bad) {
        return fmt::format("expected JSON: {}", bad.what());
    }
}

std::string wrong_in_body(const HttpExpectations& expected, const io::HttpAnswer& answer, const Hidden& hidden) {
    if (expected.body && !expected.body->found_in(answer.body))
        return fmt::format("expected '{}' in the body, found {} bytes without it", expected.body->text(),
                           answer.body.size());
    return wrong_in_json(expected, answer, hidden);
}

} // namespace

bool accepts(const std::vector<StatusRange>& ranges, int status) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [status](const StatusRange& range) { return range.first <= status && status <= range.last; });
}

std::expected<std::vector<StatusRange>, std::string> parse_status_ranges(std::string_view text) {
    const auto wrong = [text] {
        return std::unexpected(fmt::format("expected statuses such as '200-399' or '200,204', found '{}'", text));
    };
    std::vector<StatusRange> ranges;
    for (std::string_view rest = text;;) {
        const std::string_view part = rest.substr(0, rest.find(','));
        const auto read = [](std::string_view number) {
            int value = 0;
            const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
            const bool whole = error == std::errc{} && end == number.data() + number.size() && number.size() == 3;
            return whole && value >= 100 && value <= 599 ? value : 0;
        };
        const auto dash = part.find('-');
        const StatusRange range{read(part.substr(0, dash)),
                                read(dash == std::string_view::npos ? part : part.substr(dash + 1))};
        if (range.first == 0 || range.last < range.first)
            return wrong();
        ranges.push_back(range);
        if (part.size() == rest.size())
            return ranges;
        rest.remove_prefix(part.size() + 1);
    }
}

std::expected<BodyPattern, std::string> BodyPattern::parse(std::string text) {
    using http_parts::Expression;
    BodyPattern pattern;
    const bool any_case = text.ends_with("/i");
    const std::size_t end = text.rfind('/');
    if (text.size() >= 3 && text.front() == '/' && end >= 2 && (any_case || end == text.size() - 1)) {
        auto compiled = Expression::parse(text.substr(1, end - 1), Expression::By::text, any_case);
        if (!compiled)
            return std::unexpected(
                fmt::format("expected a regular expression, found '{}': {}", text, compiled.error()));
        pattern.expression_ = std::move(*compiled);
    }
    pattern.text_ = std::move(text);
    return pattern;
}

bool BodyPattern::found_in(const std::string& body) const {
    return expression_ ? expression_->found_in(body) : body.contains(text_);
}

core::Reachability interpret_http(const HttpExpectations& expected, const io::HttpAnswer& answer,
                                  const Hidden& hidden) {
    Reachability seen;
    seen.latency = answer.latency;
    seen.certificate = answer.certificate;
    if (answer.status == 0) {
        seen.state = ReachState::down;
        seen.latency.reset(); // nobody answered
        seen.detail = distrust(answer.certificate);
        return seen;
    }
    // The status is the server's own word on whether it does its work: down. A wrong body or header comes from a server
    // that is there and answers, so that something of it is wrong but not all: degraded.
    if (!accepts(expected.status, answer.status)) {
        seen.state = ReachState::down;
        seen.detail = fmt::format("expected status {}, found {}", in_words(expected.status), answer.status);
        return seen;
    }
    seen.detail = wrong_in_headers(expected, answer);
    if (seen.detail.empty())
        seen.detail = wrong_in_body(expected, answer, hidden);
    if (seen.detail.empty() && expected.slow && answer.latency > *expected.slow)
        seen.detail =
            fmt::format("expected an answer within {}, found it after {}",
                        core::config::format_duration(*expected.slow), core::config::format_duration(answer.latency));
    if (!seen.detail.empty())
        seen.state = ReachState::degraded;
    return seen;
}

} // namespace recoverd::collectors
