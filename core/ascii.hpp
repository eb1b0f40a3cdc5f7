// SPDX-License-Identifier: Apache-2.0
// Letters of names that are ASCII by their standards (hosts, headers, hex digits …): a locale has no say in them.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace recoverd::core {

constexpr char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string ascii_lower(std::string_view text) {
    std::string out{text};
    std::ranges::transform(out, out.begin(), [](char c) { return ascii_lower(c); });
    return out;
}

/// Libraries tell what is wrong in sentences; our own messages go on where they stand. A name in capitals stays one.
inline std::string begun_lower(std::string text) {
    if (!text.empty() && (text.size() == 1 || ascii_lower(text[1]) == text[1]))
        text.front() = ascii_lower(text.front());
    return text;
}

} // namespace recoverd::core
