// SPDX-License-Identifier: Apache-2.0
// What is said of text that is no JSON, by both that read it.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace recoverd::io {

/// The parser's words, without its preamble and without the text it last read, which may be anything.
inline std::string json_fault(std::size_t position, std::string_view said) {
    if (const auto preamble = said.find(" - "); preamble != std::string_view::npos)
        said.remove_prefix(preamble + 3);
    std::string text{said};
    if (const auto last = text.find("; last read: "); last != std::string::npos) {
        const auto after = text.find("; expected", last);
        text.erase(last, after == std::string::npos ? after : after - last);
    }
    return fmt::format("expected JSON, stopped at byte {}: {}", position, text);
}

} // namespace recoverd::io
