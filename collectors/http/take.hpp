// SPDX-License-Identifier: Apache-2.0
// What a step takes from its answer for those after it.
#pragma once

#include "collectors/http/expression.hpp"
#include "collectors/http/template.hpp"
#include "core/config/options.hpp"
#include "io/http.hpp"

#include <optional>
#include <string>
#include <vector>

namespace recoverd::collectors::http_parts {

/// One variable, and where it stands.
struct Take {
    std::string variable;
    /// Of the JSON in the body; otherwise empty.
    std::string pointer;
    /// In lower case. Empty for the body.
    std::string header;
    /// Finds a piece of the header or of the body.
    std::optional<Expression> match;
    /// As the configuration has it, for words.
    std::string match_text;
};

/// `{ id = "/json/pointer", csrf = { match = "…(…)…" }, place = { header = "Location", match = "…" } }`
std::vector<Take> read_takes(const core::config::Node& node, const std::string& path,
                             core::config::Diagnostics& diagnostics);

/// The longest value: beyond any token, and small enough for a header.
inline constexpr std::size_t kLongestValue = 8'192;

/// Into `values`. The error says what is not there, and nothing of what is.
std::expected<void, std::string> take_values(const std::vector<Take>& takes, const io::HttpAnswer& answer,
                                             Values& values);

} // namespace recoverd::collectors::http_parts
