// SPDX-License-Identifier: Apache-2.0
#include "io/http.hpp"

#include <ctime>

namespace recoverd::io {

std::optional<core::Time> read_http_date(std::string_view text) {
    std::tm parts{};
    const std::string terminated{text};
    const char* end = ::strptime(terminated.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    if (end == nullptr || end != terminated.c_str() + terminated.size())
        return std::nullopt;
    return core::from_unix_seconds(::timegm(&parts));
}

} // namespace recoverd::io
