// SPDX-License-Identifier: Apache-2.0
// What is remembered from run to run. It comes back from a store, so it is read as carefully as anything foreign.
#include "collectors/postgresql/parts.hpp"
#include "io/json.hpp"
#include "io/remembered.hpp"

namespace recoverd::collectors::pg {

namespace {

Sighting read_sighting(const io::Json& json) {
    Sighting sighting;
    sighting.horizon = json["horizon"].text();
    sighting.first_position = json["first"].natural();
    sighting.last_position = json["last"].natural();
    sighting.at = core::Time{core::Duration{json["at_ms"].integer()}};
    return sighting;
}

void write(io::JsonWriter& out, const Sighting& sighting) {
    out.begin_object()
        .field("horizon", sighting.horizon)
        .field("first", sighting.first_position)
        .field("last", sighting.last_position)
        .field("at_ms", std::int64_t{sighting.at.time_since_epoch().count()})
        .end_object();
}

Received read_received(const io::Json& json) {
    return {.position = json["position"].natural(), .at = core::Time{core::Duration{json["at_ms"].integer()}}};
}

void write(io::JsonWriter& out, const Received& received) {
    out.begin_object()
        .field("position", received.position)
        .field("at_ms", std::int64_t{received.at.time_since_epoch().count()})
        .end_object();
}

} // namespace

Cursor read_cursor(std::string_view text) {
    // Starting anew costs one run in which "written since" is not told.
    return io::read_remembered(text, [](const io::Json& json) {
        Cursor cursor;
        cursor.system_id = json["system_id"].text();
        cursor.timeline = json["timeline"].text();
        cursor.archived_until = json["archived_until"].natural();
        if (json["safe"])
            cursor.safe = read_sighting(json["safe"]);
        for (const io::Json& sighting : json["unsafe"].items())
            cursor.unsafe.push_back(read_sighting(sighting));
        cursor.last_segment = json["last_segment"].text();
        if (json["failing_since_ms"])
            cursor.failing_since = core::Time{core::Duration{json["failing_since_ms"].integer()}};
        if (json["replayed_at_ms"])
            cursor.replayed_at = core::Time{core::Duration{json["replayed_at_ms"].integer()}};
        if (json["checksum_failures"])
            cursor.checksums = {json["checksum_failures"].natural(), json["checksums_reset"].number()};
        if (json["looked_at_ms"]) {
            cursor.looked_at = core::Time{core::Duration{json["looked_at_ms"].integer()}};
            for (const io::Json& received : json["unreplayed"].items())
                cursor.unreplayed.push_back(read_received(received));
        }
        return cursor;
    });
}

std::string write_cursor(const Cursor& cursor) {
    io::JsonWriter out;
    out.begin_object()
        .field("system_id", cursor.system_id)
        .field("timeline", cursor.timeline)
        .field("archived_until", cursor.archived_until);
    if (cursor.safe) {
        out.key("safe");
        write(out, *cursor.safe);
    }
    out.key("unsafe").begin_array();
    for (const Sighting& sighting : cursor.unsafe)
        write(out, sighting);
    out.end_array().field("last_segment", cursor.last_segment);
    if (cursor.failing_since)
        out.field("failing_since_ms", std::int64_t{cursor.failing_since->time_since_epoch().count()});
    if (cursor.replayed_at)
        out.field("replayed_at_ms", std::int64_t{cursor.replayed_at->time_since_epoch().count()});
    if (cursor.looked_at) {
        out.field("looked_at_ms", std::int64_t{cursor.looked_at->time_since_epoch().count()});
        out.key("unreplayed").begin_array();
        for (const Received& received : cursor.unreplayed)
            write(out, received);
        out.end_array();
    }
    if (cursor.checksums != ChecksumFailures{})
        out.field("checksum_failures", cursor.checksums.count).field("checksums_reset", cursor.checksums.reset);
    out.end_object();
    return out.take();
}

} // namespace recoverd::collectors::pg
