// SPDX-License-Identifier: Apache-2.0
#include "io/process.hpp"

#include <string_view>

namespace recoverd::io {

namespace {

constexpr std::size_t kMaxWords = 200;

constexpr std::string_view kSpace = " \t\r\n\v\f";

} // namespace

std::string last_words(const std::string& err) {
    const auto end = err.find_last_not_of(kSpace);
    if (end == std::string::npos)
        return {};
    std::string_view line = std::string_view{err}.substr(0, end + 1);
    line.remove_prefix(line.find_last_of("\r\n") + 1);
    line.remove_prefix(line.find_first_not_of(kSpace));
    if (line.size() > kMaxWords) {
        std::size_t cut = kMaxWords;
        // Not in the middle of a character of several bytes.
        while (cut > 0 && (static_cast<unsigned char>(line[cut]) & 0xC0U) == 0x80U)
            --cut;
        line = line.substr(0, cut);
    }
    std::string words{line};
    for (char& c : words)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
            c = ' ';
    return words;
}

} // namespace recoverd::io
