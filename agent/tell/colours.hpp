// SPDX-License-Identifier: Apache-2.0
// Colours for terminals, where they are wanted.
#pragma once

#include <string>
#include <string_view>

namespace recoverd::agent {

namespace colour {
inline constexpr std::string_view kRed = "\033[31m";
inline constexpr std::string_view kGreen = "\033[32m";
inline constexpr std::string_view kYellow = "\033[33m";
inline constexpr std::string_view kBold = "\033[1m";
} // namespace colour

inline std::string painted(std::string_view text, std::string_view colour, bool colours) {
    if (!colours)
        return std::string{text};
    return std::string{colour}.append(text).append("\033[0m");
}

/// Control characters as '?': what others wrote shall not steer the terminal.
inline std::string printable(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
            c = '?';
    return text;
}

} // namespace recoverd::agent
