// SPDX-License-Identifier: Apache-2.0
// What is remembered from run to run. It comes back from a store, so it is read as carefully as anything foreign.
#include "collectors/postgresql_validation/parts.hpp"

#include "io/json.hpp"

#include <algorithm>

namespace recoverd::collectors::validation {

namespace {

std::optional<double> number_or_none(const io::Json& number) {
    return number ? std::optional{number.number()} : std::nullopt;
}

} // namespace

Cursor read_cursor(std::string_view text) {
    if (text.empty())
        return {};
    try {
        const io::Json json = io::Json::parse(text);
        Cursor cursor;
        for (const auto& [name, peak] : json["peaks"].object())
            cursor.peaks[name] = {peak["rows"].natural(), core::Time{core::Duration{peak["at_ms"].integer()}}};
        for (const auto& [name, sample] : json["samples"].object())
            cursor.samples[name] = {sample["seed"].natural() % 1'000'000'000,
                                    std::clamp(sample["percent"].number(), 1e-6, 100.0)};
        cursor.canary = json["canary"].natural();
        cursor.canary_at = json["canary_at"].number();
        cursor.first_at = number_or_none(json["first_at"]);
        cursor.lost_rows = json["lost_rows"].natural();
        cursor.lost_seconds = number_or_none(json["lost_seconds"]);
        cursor.lost_words = json["lost_words"].text();
        cursor.checksum_failures = json["checksum_failures"].natural();
        cursor.checksums_reset = json["checksums_reset"].number();
        return cursor;
    } catch (const io::BadDocument&) {
        return {};
    }
}

std::string write_cursor(const Cursor& cursor) {
    io::JsonWriter out;
    out.begin_object().key("peaks").begin_object();
    for (const auto& [name, peak] : cursor.peaks) {
        out.key(name).begin_object().field("rows", peak.rows);
        out.field("at_ms", std::int64_t{peak.at.time_since_epoch().count()}).end_object();
    }
    out.end_object().key("samples").begin_object();
    for (const auto& [name, sample] : cursor.samples)
        out.key(name).begin_object().field("seed", sample.seed).field("percent", sample.percent).end_object();
    out.end_object().field("canary", cursor.canary).field("canary_at", cursor.canary_at);
    if (cursor.first_at)
        out.field("first_at", *cursor.first_at);
    out.field("lost_rows", cursor.lost_rows);
    if (cursor.lost_seconds)
        out.field("lost_seconds", *cursor.lost_seconds);
    return out.field("lost_words", cursor.lost_words)
        .field("checksum_failures", cursor.checksum_failures)
        .field("checksums_reset", cursor.checksums_reset)
        .end_object()
        .take();
}

} // namespace recoverd::collectors::validation
