// SPDX-License-Identifier: Apache-2.0
#include "collectors/vault/parts.hpp"
#include "core/config/values.hpp"
#include "io/remembered.hpp"

namespace recoverd::collectors::vault_parts {

Cursor read_cursor(std::string_view text) {
    // Starting anew costs who is missing since before.
    return io::read_remembered(text, [](const io::Json& json) {
        Cursor cursor;
        for (const io::Json& id : json["peers"].items())
            cursor.add_peer(id.text());
        for (const auto& [name, snapshot] : json["auto_snapshots"].object())
            cursor.auto_snapshots.emplace(
                name, AutoSnapshot{snapshot["started_at"].time(), snapshot["ended_at"].time(), snapshot["url"].text()});
        return cursor;
    });
}

std::string write_cursor(const Cursor& cursor) {
    io::JsonWriter out;
    out.begin_object().key("peers").begin_array();
    for (const std::string& id : cursor.peers)
        out.value(id);
    out.end_array().key("auto_snapshots").begin_object();
    for (const auto& [name, snapshot] : cursor.auto_snapshots)
        out.key(name)
            .begin_object()
            .field("started_at", core::config::format_time(snapshot.started_at))
            .field("ended_at", core::config::format_time(snapshot.ended_at))
            .field("url", snapshot.url)
            .end_object();
    out.end_object().end_object();
    return out.take();
}

} // namespace recoverd::collectors::vault_parts
