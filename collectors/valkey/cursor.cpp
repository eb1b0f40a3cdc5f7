// SPDX-License-Identifier: Apache-2.0
// What is remembered from run to run. It comes back from a store, so it is read as carefully as anything foreign.
#include "collectors/valkey/parts.hpp"
#include "io/json.hpp"
#include "io/remembered.hpp"

namespace recoverd::collectors::vk {

namespace {

core::Time read_time(const io::Json& json) { return core::Time{core::Duration{json.integer()}}; }

std::optional<core::Time> read_some_time(const io::Json& json) {
    return json ? std::optional(read_time(json)) : std::nullopt;
}

std::optional<std::uint64_t> read_some(const io::Json& json) {
    return json ? std::optional(json.natural()) : std::nullopt;
}

void write(io::JsonWriter& out, std::string_view name, const std::optional<core::Time>& at) {
    if (at)
        out.field(name, std::int64_t{at->time_since_epoch().count()});
}

Save read_save(const io::Json& json) {
    Save save;
    save.ended_at = read_time(json["ended_ms"]);
    save.data_at = read_time(json["data_ms"]);
    if (json["took_ms"])
        save.took = core::Duration{json["took_ms"].integer()};
    save.dataset_bytes = read_some(json["dataset_bytes"]);
    save.saves = read_some(json["saves"]);
    return save;
}

void write(io::JsonWriter& out, const Save& save) {
    out.begin_object();
    write(out, "ended_ms", save.ended_at);
    write(out, "data_ms", save.data_at);
    if (save.took)
        out.field("took_ms", std::int64_t{save.took->count()});
    if (save.dataset_bytes)
        out.field("dataset_bytes", *save.dataset_bytes);
    if (save.saves)
        out.field("saves", *save.saves);
    out.end_object();
}

} // namespace

Cursor read_cursor(std::string_view text) {
    return io::read_remembered(text, [](const io::Json& json) {
        Cursor cursor;
        cursor.run_id = json["run_id"].text();
        cursor.looked_at = read_some_time(json["looked_ms"]);
        if (json["save"])
            cursor.save = read_save(json["save"]);
        cursor.all_saved_at = read_some_time(json["all_saved_ms"]);
        cursor.save_failed_at = read_some_time(json["save_failed_ms"]);
        cursor.aof_since = read_some_time(json["aof_since_ms"]);
        cursor.aof_written_at = read_some_time(json["aof_written_ms"]);
        cursor.aof_failing_since = read_some_time(json["aof_failing_ms"]);
        cursor.cut_off_at = read_some_time(json["cut_off_ms"]);
        cursor.replication_id = json["replication_id"].text();
        for (const io::Json& offset : json["offsets"].items())
            cursor.offsets.push_back({offset["position"].natural(), read_time(offset["at_ms"])});
        return cursor;
    });
}

std::string write_cursor(const Cursor& cursor) {
    io::JsonWriter out;
    out.begin_object().field("run_id", cursor.run_id);
    write(out, "looked_ms", cursor.looked_at);
    if (cursor.save) {
        out.key("save");
        write(out, *cursor.save);
    }
    write(out, "all_saved_ms", cursor.all_saved_at);
    write(out, "save_failed_ms", cursor.save_failed_at);
    write(out, "aof_since_ms", cursor.aof_since);
    write(out, "aof_written_ms", cursor.aof_written_at);
    write(out, "aof_failing_ms", cursor.aof_failing_since);
    write(out, "cut_off_ms", cursor.cut_off_at);
    out.field("replication_id", cursor.replication_id).key("offsets").begin_array();
    for (const Offset& offset : cursor.offsets) {
        out.begin_object().field("position", offset.position);
        write(out, "at_ms", offset.at);
        out.end_object();
    }
    out.end_array().end_object();
    return out.take();
}

} // namespace recoverd::collectors::vk
