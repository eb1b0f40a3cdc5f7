// SPDX-License-Identifier: Apache-2.0
// What is remembered from run to run. It comes back from a store, so it is read as carefully as anything foreign.
#include "collectors/postgresql_validation/parts.hpp"

#include "io/evidence_json.hpp"
#include "io/json.hpp"
#include "io/remembered.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace recoverd::collectors::validation {

namespace {

std::optional<double> number_or_none(const io::Json& number) {
    return number ? std::optional{number.number()} : std::nullopt;
}

core::Time time_from(const io::Json& milliseconds) {
    const std::int64_t most = core::kNever.time_since_epoch().count();
    return core::Time{core::Duration{std::clamp<std::int64_t>(milliseconds.integer(), 0, most)}};
}

std::int64_t in_ms(core::Time time) { return time.time_since_epoch().count(); }

/// Nothing else is ever kept.
bool is_ours(const core::Evidence& evidence) {
    return std::holds_alternative<core::Assertions>(evidence) || std::holds_alternative<core::Measurement>(evidence) ||
           std::holds_alternative<core::Fingerprint>(evidence);
}

Cursor::Kept read_kept(const io::Json& json) {
    Cursor::Kept kept{.at = time_from(json["at_ms"]), .evidence = {}};
    for (const io::Json& item : json["evidence"].items())
        if (core::Evidence evidence = io::read_evidence(item); is_ours(evidence))
            kept.evidence.push_back(std::move(evidence));
    return kept;
}

Cursor::Part read_part(const io::Json& json) {
    const io::Json& most = json["most"];
    return {.actual = json["actual"].text(),
            .detail = json["detail"].text(),
            .at = time_from(json["at_ms"]),
            .next = json["next"].natural(),
            .began = time_from(json["began_ms"]),
            .most = most ? most.natural() : 0};
}

/// Whose turn it is. Versions that had no turns kept none of this.
void read_turns(const io::Json& json, Cursor& cursor) {
    if (const io::Json& kept = json["kept"])
        for (const auto& [key, one] : kept.object())
            cursor.kept[key] = read_kept(one);
    if (const io::Json& parts = json["parts"])
        for (const auto& [key, part] : parts.object())
            cursor.parts[key] = read_part(part);
    if (const io::Json& turn = json["turn"])
        cursor.turn = turn.text();
    if (const io::Json& server = json["server"])
        cursor.server = server.text();
}

void write_turns(const Cursor& cursor, io::JsonWriter& out) {
    out.key("kept").begin_object();
    for (const auto& [key, kept] : cursor.kept) {
        out.key(key).begin_object().field("at_ms", in_ms(kept.at)).key("evidence").begin_array();
        for (const core::Evidence& evidence : kept.evidence)
            io::write(out, evidence);
        out.end_array().end_object();
    }
    out.end_object().key("parts").begin_object();
    for (const auto& [key, part] : cursor.parts) {
        out.key(key).begin_object().field("actual", part.actual).field("detail", part.detail);
        out.field("at_ms", in_ms(part.at)).field("next", part.next).field("began_ms", in_ms(part.began));
        if (part.most > 0)
            out.field("most", part.most);
        out.end_object();
    }
    out.end_object().field("turn", cursor.turn).field("server", cursor.server);
}

} // namespace

Cursor read_cursor(std::string_view text) {
    return io::read_remembered(text, [](const io::Json& json) {
        Cursor cursor;
        for (const auto& [name, peak] : json["peaks"].object())
            cursor.peaks[name] = {peak["rows"].natural(), time_from(peak["at_ms"])};
        for (const auto& [name, sample] : json["samples"].object())
            cursor.samples[name] = {sample["seed"].natural() % 1'000'000'000,
                                    std::clamp(sample["percent"].number(), 1e-6, 100.0)};
        cursor.canary = json["canary"].natural();
        cursor.canary_at = json["canary_at"].number();
        cursor.first_at = number_or_none(json["first_at"]);
        cursor.lost_rows = json["lost_rows"].natural();
        cursor.lost_seconds = number_or_none(json["lost_seconds"]);
        cursor.lost_words = json["lost_words"].text();
        cursor.checksums = {json["checksum_failures"].natural(), json["checksums_reset"].number()};
        read_turns(json, cursor);
        return cursor;
    });
}

Cursor cursor_of(std::string_view text, const Server& server) {
    Cursor cursor = read_cursor(text);
    std::string who = fmt::format("{} since {}", server.system_id, server.started);
    // After a failover or a restore others are in the place of the files that were read.
    if (!cursor.server.empty() && cursor.server != who) {
        cursor.kept.clear();
        cursor.parts.clear();
    }
    cursor.server = std::move(who);
    return cursor;
}

std::string forget(std::string_view before, std::span<const std::string> subjects) {
    Cursor cursor = read_cursor(before);
    for (const std::string& name : subjects) {
        cursor.peaks.erase(name);
        cursor.samples.erase(name);
        for (const std::string_view what : {"rows ", "orphans ", "check "}) {
            cursor.kept.erase(fmt::format("{}{}", what, name));
            cursor.parts.erase(fmt::format("{}{}", what, name));
        }
        if (!name.empty())
            continue;
        Cursor others;
        others.peaks = std::move(cursor.peaks);
        others.samples = std::move(cursor.samples);
        others.server = std::move(cursor.server);
        others.kept = std::move(cursor.kept);
        others.parts = std::move(cursor.parts);
        others.turn = std::move(cursor.turn);
        cursor = std::move(others);
    }
    return write_cursor(cursor);
}

std::string write_cursor(const Cursor& cursor) {
    io::JsonWriter out;
    out.begin_object().key("peaks").begin_object();
    for (const auto& [name, peak] : cursor.peaks) {
        out.key(name).begin_object().field("rows", peak.rows);
        out.field("at_ms", in_ms(peak.at)).end_object();
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
    write_turns(cursor, out);
    return out.field("lost_words", cursor.lost_words)
        .field("checksum_failures", cursor.checksums.count)
        .field("checksums_reset", cursor.checksums.reset)
        .end_object()
        .take();
}

} // namespace recoverd::collectors::validation
