// SPDX-License-Identifier: Apache-2.0
#include "worker/kafka/cursor.hpp"

#include "io/json.hpp"
#include "io/remembered.hpp"

namespace recoverd::worker::kafka {

Cursor read_cursor(std::string_view text) {
    // Starting anew costs what came before this look.
    return io::read_remembered(text, [](const io::Json& json) {
        Cursor cursor;
        for (const io::Json& item : json["uncommitted"].items())
            if (cursor.ends.size() < kMaxUncommitted)
                cursor.ends.emplace(Uncommitted{item["group"].text(), item["topic"].text(),
                                                static_cast<std::int32_t>(item["partition"].natural())},
                                    item["end"].integer());
        return cursor;
    });
}

std::string write_cursor(const Cursor& cursor) {
    io::JsonWriter out;
    out.begin_object().key("uncommitted").begin_array();
    for (const auto& [where, end] : cursor.ends)
        out.begin_object()
            .field("group", std::get<0>(where))
            .field("topic", std::get<1>(where))
            .field("partition", std::uint64_t(std::get<2>(where)))
            .field("end", end)
            .end_object();
    out.end_array().end_object();
    return out.take();
}

} // namespace recoverd::worker::kafka
