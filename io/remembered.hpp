// SPDX-License-Identifier: Apache-2.0
// What a run left for the next one, as JSON of our own: of an older release, perhaps, or damaged on its way.
#pragma once

#include "io/json.hpp"

#include <string_view>

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

} // namespace recoverd::io
