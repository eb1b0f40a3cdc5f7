// SPDX-License-Identifier: Apache-2.0
#include "collectors/http/expression.hpp"

#include <re2/re2.h>

#include <array>

namespace recoverd::collectors::http_parts {

std::expected<Expression, std::string> Expression::parse(const std::string& source, By by, bool any_case) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_case_sensitive(!any_case);
    options.set_dot_nl(by == By::text);
    auto compiled = std::make_shared<const re2::RE2>(by == By::lines ? "(?m)" + source : source, options);
    if (!compiled->ok())
        return std::unexpected(compiled->error());
    Expression expression;
    expression.compiled_ = std::move(compiled);
    return expression;
}

bool Expression::found_in(const std::string& text) const { return re2::RE2::PartialMatch(text, *compiled_); }

std::optional<std::string> Expression::first_in(const std::string& text) const {
    std::array<re2::StringPiece, 2> found;
    const int groups = compiled_->NumberOfCapturingGroups() > 0 ? 2 : 1;
    if (!compiled_->Match(text, 0, text.size(), re2::RE2::UNANCHORED, found.data(), groups))
        return std::nullopt;
    // Of an alternative without the group: empty.
    return std::string{found.at(static_cast<std::size_t>(groups) - 1)};
}

} // namespace recoverd::collectors::http_parts
