// SPDX-License-Identifier: Apache-2.0
#include "exporters/escape.hpp"

#include <algorithm>
#include <cstdint>

namespace recoverd::exporters {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

std::uint8_t byte_at(std::string_view text, std::size_t i) { return static_cast<std::uint8_t>(text[i]); }

} // namespace

std::size_t utf8_length(std::string_view text) {
    if (text.empty())
        return 0;
    const std::uint8_t first = byte_at(text, 0);
    if (first < 0x80)
        return 1;
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < length)
        return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte_at(text, i) & 0xC0U) != 0x80)
            return 0;
    const std::uint8_t second = byte_at(text, 1);
    // Overlong forms, surrogates, and what lies beyond U+10FFFF (Unicode 15, table 3-7).
    const bool bad = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                     (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
    return bad ? 0 : length;
}

void append_label_value(std::string& out, std::string_view text) {
    const auto plain = [](char c) { return c >= ' ' && c != '"' && c != '\\'; };
    if (std::ranges::all_of(text, [&](char c) { return static_cast<std::uint8_t>(c) < 0x80 && plain(c); })) {
        out += text;
        return;
    }
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0)
            out += kReplacement;
        else if (text.front() == '\n')
            out += "\\n";
        else if (text.front() == '"' || text.front() == '\\')
            (out += '\\') += text.front();
        else
            out += text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
}

bool is_label_name(std::string_view name) {
    return !name.empty() && !(name.front() >= '0' && name.front() <= '9') && !name.starts_with("__") &&
           std::ranges::all_of(name, [](char c) { return is_alnum(c) || c == '_'; });
}

void append_html(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const char c = text.front();
        if (length == 0 || (static_cast<std::uint8_t>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7F)
            out += kReplacement;
        else if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else if (c == '\'')
            out += "&#39;";
        else
            out += text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
}

std::string html(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    append_html(out, text);
    return out;
}

std::string anchor(std::string_view text) {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string out;
    for (const char c : text) {
        if (is_alnum(c)) {
            out += c;
            continue;
        }
        const auto byte = static_cast<std::uint8_t>(c);
        out += '-';
        out += kHex[byte >> 4U];
        out += kHex[byte & 0xFU];
    }
    return out;
}

} // namespace recoverd::exporters
