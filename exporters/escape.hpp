// SPDX-License-Identifier: Apache-2.0
// Foreign text made safe for where it is going. What is not UTF-8 becomes U+FFFD everywhere: one bad byte in a file
// name would otherwise cost the whole scrape.
#pragma once

#include <string>
#include <string_view>

namespace recoverd::exporters {

/// Length of the valid UTF-8 sequence at the start of `text`, or 0.
std::size_t utf8_length(std::string_view text);
/// Between the quotes of a label's value: `\\`, `\"` and `\n` as both exposition formats want them.
void append_label_value(std::string& out, std::string_view text);
/// `[a-zA-Z_][a-zA-Z0-9_]*`, and not reserved (`__`).
bool is_label_name(std::string_view name);
/// Text or attribute value in HTML; control characters other than tab and newline are dropped to U+FFFD.
void append_html(std::string& out, std::string_view text);
std::string html(std::string_view text);
/// An `id` or `#fragment`: letters and digits stay, everything else becomes -XX.
std::string anchor(std::string_view text);

} // namespace recoverd::exporters
