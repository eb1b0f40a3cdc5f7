// SPDX-License-Identifier: Apache-2.0
// What a run left for the next one, as JSON of our own: of an older release, perhaps, or damaged on its way.
#pragma once

#include "io/json.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace recoverd::io {

/// What `read` makes of it, an object of that without anything in it for what it does not understand. Who remembers
/// nothing begins anew: whoever calls says what that costs.
template <class Read>
auto read_remembered(std::string_view text, Read read) -> decltype(read(Json{})) {
    if (text.empty())
        return {};
    try {
        return read(Json::parse(text));
    } catch (const BadDocument&) {
        return {};
    }
}

/// Every second one goes, but for the ends, of what looks leave one after the other: nobody needs to know to the look
/// what was long ago.
template <class T>
void thin_out(std::vector<T>& row) {
    const std::size_t size = row.size();
    std::size_t at = 0;
    std::erase_if(row, [&](const T&) {
        const std::size_t index = at++;
        return index % 2 == 1 && index + 1 < size;
    });
}

} // namespace recoverd::io
