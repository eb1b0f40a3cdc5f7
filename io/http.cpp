// SPDX-License-Identifier: Apache-2.0
#include "io/http.hpp"

#include <algorithm>

namespace recoverd::io {

std::string_view HttpAnswer::header(std::string_view name) const {
    const auto found =
        std::ranges::find(headers, name, [](const auto& entry) { return std::string_view{entry.first}; });
    return found == headers.end() ? std::string_view{} : std::string_view{found->second};
}

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view{"!#$%&'*+-.^_`|~"}.contains(static_cast<char>(c));
    });
}

bool is_field_value(std::string_view text) {
    return std::ranges::none_of(text, [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7f; });
}

} // namespace recoverd::io
