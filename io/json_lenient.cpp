// SPDX-License-Identifier: Apache-2.0
// Makes JSON of what is nearly JSON: programs that put bytes into strings as they found them.
#include "io/json.hpp"

#include <algorithm>

namespace recoverd::io {

namespace {

constexpr std::string_view kReplacement = "\\ufffd";

constexpr bool within(unsigned char c, unsigned char first, unsigned char last) { return c >= first && c <= last; }

/// Length of the UTF-8 sequence that `bytes` begins with, or 0 when it is none (Unicode 15, table 3-7).
std::size_t utf8_length(std::string_view bytes) {
    const auto at = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U; };
    const auto follows = [&](std::size_t i) { return within(static_cast<unsigned char>(at(i)), 0x80, 0xBF); };
    const auto lead = static_cast<unsigned char>(at(0));
    const auto second = static_cast<unsigned char>(at(1));
    if (lead < 0x80)
        return 1;
    if (within(lead, 0xC2, 0xDF))
        return follows(1) ? 2 : 0;
    if (within(lead, 0xE0, 0xEF)) {
        // Neither overlong nor half a surrogate pair.
        const bool good = within(second, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF);
        return good && follows(2) ? 3 : 0;
    }
    if (within(lead, 0xF0, 0xF4)) {
        // Neither overlong nor beyond U+10FFFF.
        const bool good = within(second, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF);
        return good && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

/// A control character inside a string, as JSON would have it: white space is kept, anything else is noise.
std::string_view control(char c) {
    switch (c) {
    case '\t':
        return "\\t";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    default:
        return kReplacement;
    }
}

std::string mended(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size() + bytes.size() / 8);
    bool inside = false;
    while (!bytes.empty()) {
        std::size_t taken = 1;
        const char c = bytes.front();
        if (inside && c == '\\' && bytes.size() > 1 && static_cast<unsigned char>(bytes[1]) - 0x20U < 0x5FU) {
            taken = 2;
            out += bytes.substr(0, taken);
        } else if (inside && static_cast<unsigned char>(c) < 0x20) {
            out += control(c);
        } else if (inside && utf8_length(bytes) == 0) {
            out += kReplacement;
        } else {
            if (c == '"')
                inside = !inside;
            taken = std::max<std::size_t>(utf8_length(bytes), 1);
            out += bytes.substr(0, taken);
        }
        bytes.remove_prefix(taken);
    }
    return out;
}

} // namespace

Json Json::parse_lenient(std::string_view bytes, std::size_t max_bytes) {
    if (bytes.size() > max_bytes)
        return parse(bytes, max_bytes);
    // Each byte becomes six at most; the limit is for what came in.
    return parse(mended(bytes), max_bytes * 6);
}

} // namespace recoverd::io
