// SPDX-License-Identifier: Apache-2.0
#include "collectors/aiven/cursor.hpp"

#include "io/json.hpp"
#include "io/remembered.hpp"

namespace recoverd::collectors::aiven_parts {

namespace {

using core::Duration;
using core::Time;

Time time_of(const io::Json& json) { return Time{Duration{json.integer()}}; }

std::int64_t milliseconds(Time at) { return at.time_since_epoch().count(); }

} // namespace

Cursor read_cursor(std::string_view text) {
    // Starting anew costs which services were there before, and one look at the plans.
    return io::read_remembered(text, [](const io::Json& json) {
        Cursor cursor;
        for (const auto& [name, known] : json["services"].object())
            cursor.services[name] = {known["plan"].text(), time_of(known["since_ms"])};
        for (const auto& [plan, promise] : json["promises"].object())
            cursor.promises[plan] = {.interval_hours = promise["interval_hours"].natural(),
                                     .max_count = promise["max_count"].natural(),
                                     .pitr = promise["pitr"].boolean(),
                                     .two_schedules = promise["two_schedules"].boolean(),
                                     .read_at = time_of(promise["read_at_ms"])};
        return cursor;
    });
}

std::string write_cursor(const Cursor& cursor) {
    io::JsonWriter out;
    out.begin_object().key("services").begin_object();
    for (const auto& [name, known] : cursor.services)
        out.key(name)
            .begin_object()
            .field("plan", known.plan)
            .field("since_ms", milliseconds(known.since))
            .end_object();
    out.end_object().key("promises").begin_object();
    for (const auto& [plan, promise] : cursor.promises)
        out.key(plan)
            .begin_object()
            .field("interval_hours", promise.interval_hours)
            .field("max_count", promise.max_count)
            .field("pitr", promise.pitr)
            .field("two_schedules", promise.two_schedules)
            .field("read_at_ms", milliseconds(promise.read_at))
            .end_object();
    out.end_object().end_object();
    return out.take();
}

} // namespace recoverd::collectors::aiven_parts
