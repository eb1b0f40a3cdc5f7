// SPDX-License-Identifier: Apache-2.0
#include "collectors/s3/cursor.hpp"

#include "io/json.hpp"

namespace recoverd::collectors::s3_parts {

Cursor read_cursor(std::string_view text) {
    if (text.empty())
        return {};
    try {
        const io::Json json = io::Json::parse(text);
        Cursor cursor;
        cursor.any_series = json["any_series"].boolean();
        return cursor;
    } catch (const io::BadDocument&) {
        // Starting anew costs that there was something before.
        return {};
    }
}

std::string write_cursor(const Cursor& cursor) {
    io::JsonWriter out;
    out.begin_object().field("any_series", cursor.any_series).end_object();
    return out.take();
}

} // namespace recoverd::collectors::s3_parts
