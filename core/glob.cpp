// SPDX-License-Identifier: Apache-2.0
// The one kind of pattern that configuration knows: `*` for any run, `?` for one character.
#include "core/config.hpp"

namespace recoverd::core {

// Greedy with one point to go back to: linear in practice, and never exponential, whatever pattern somebody writes.
bool glob_matches(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

} // namespace recoverd::core
