// SPDX-License-Identifier: Apache-2.0
#include "collectors/s3/encoding.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::s3_parts {

std::string canonical_query(Query query) {
    for (auto& [name, value] : query) {
        name = percent_encoded(name);
        value = percent_encoded(value);
    }
    std::ranges::sort(query);
    std::string text;
    for (const auto& [name, value] : query)
        text += fmt::format("{}{}={}", text.empty() ? "" : "&", name, value);
    return text;
}

std::string percent_decoded(std::string_view text) {
    std::string spaced{text};
    std::ranges::replace(spaced, '+', ' ');
    return io::percent_decoded(spaced);
}

std::string unquoted(std::string_view etag) {
    if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"')
        etag = etag.substr(1, etag.size() - 2);
    return std::string{etag};
}

bool can_be_asked(std::string_view key) {
    if (key.empty() || key.contains('\0'))
        return false;
    for (std::size_t begin = 0; begin <= key.size();) {
        const std::size_t end = std::min(key.find('/', begin), key.size());
        const std::string_view step = key.substr(begin, end - begin);
        if (step == "." || step == "..")
            return false;
        begin = end + 1;
    }
    return true;
}

} // namespace recoverd::collectors::s3_parts
