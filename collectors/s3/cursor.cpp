// SPDX-License-Identifier: Apache-2.0
#include "collectors/s3/cursor.hpp"

#include "collectors/s3/encoding.hpp"
#include "core/config/values.hpp"
#include "io/json.hpp"
#include "io/remembered.hpp"

#include <algorithm>
#include <utility>

namespace recoverd::collectors::s3_parts {

namespace {

constexpr std::size_t kMaxPending = 200;
/// Of a key and of a version's id, in bytes, as S3 has it.
constexpr std::size_t kMaxName = 1024;

/// A key may hold any bytes, and JSON may not.
std::string plain(std::string_view name) { return percent_encoded(name, "/"); }

} // namespace

void Cursor::keep(const std::string& subject, Pending one) {
    const bool named = std::max({subject.size(), one.key.size(), one.version_id.size()}) <= kMaxName;
    if (named && pending.size() < kMaxPending)
        pending.insert_or_assign(subject, std::move(one));
}

std::optional<Pending> Cursor::find(std::string_view subject) const {
    const auto found = pending.find(subject);
    return found == pending.end() ? std::nullopt : std::optional{found->second};
}

Cursor read_cursor(std::string_view text) {
    // Starting anew costs that there was something before, and how long it is on its way.
    return io::read_remembered(text, [](const io::Json& json) {
        Cursor cursor;
        cursor.any_series = json["any_series"].boolean();
        for (const auto& [subject, one] : json["pending"].object())
            cursor.keep(percent_decoded(subject), {percent_decoded(one["key"].text()),
                                                   percent_decoded(one["version"].text()), one["since"].time()});
        return cursor;
    });
}

std::string write_cursor(const Cursor& cursor) {
    io::JsonWriter out;
    out.begin_object().field("any_series", cursor.any_series).key("pending").begin_object();
    for (const auto& [subject, one] : cursor.pending)
        out.key(plain(subject))
            .begin_object()
            .field("key", plain(one.key))
            .field("version", plain(one.version_id))
            .field("since", core::config::format_time(one.since))
            .end_object();
    out.end_object().end_object();
    return out.take();
}

} // namespace recoverd::collectors::s3_parts
