// SPDX-License-Identifier: Apache-2.0
#include "worker/printable.hpp"

#include <fmt/format.h>

namespace recoverd::worker {

namespace {

/// How many bytes of well-formed UTF-8 begin here (RFC 3629), or 0.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto continues = [&](std::size_t i, unsigned from = 0x80, unsigned to = 0xbf) {
        return byte(i) >= from && byte(i) <= to;
    };
    const unsigned first = byte(0);
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return continues(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef)
        return continues(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf) && continues(2) ? 3 : 0;
    if (first >= 0xf0 && first <= 0xf4)
        return continues(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf) && continues(2) && continues(3)
                   ? 4
                   : 0;
    return 0;
}

} // namespace

std::string printable(std::string_view bytes) {
    std::string out;
    while (!bytes.empty()) {
        const std::size_t length = utf8_length(bytes);
        const auto byte = static_cast<unsigned char>(bytes.front());
        if (length == 0 || (length == 1 && (byte < 0x20 || byte == 0x7f))) {
            out += fmt::format("\\x{:02x}", byte);
            bytes.remove_prefix(1);
            continue;
        }
        out += bytes.substr(0, length);
        bytes.remove_prefix(length);
    }
    return out;
}

} // namespace recoverd::worker
