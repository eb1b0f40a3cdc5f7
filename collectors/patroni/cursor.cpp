// SPDX-License-Identifier: Apache-2.0
#include "collectors/patroni/cursor.hpp"

#include "io/json.hpp"
#include "io/remembered.hpp"

#include <algorithm>

namespace recoverd::collectors::patroni_parts {

namespace {

using core::Duration;
using core::Time;

constexpr std::size_t kMaxMembers = 200;
constexpr std::size_t kMaxPositions = 120;
// Thrice Patroni's loop_wait, as it is by default.
constexpr Duration kComes = std::chrono::seconds{30};

} // namespace

void Cursor::add_member(const std::string& name) {
    std::erase_if(newcomers, [&](const Newcomer& one) { return one.name == name; });
    if (members.size() < kMaxMembers && !knows(name))
        members.push_back(name);
}

bool Cursor::knows(std::string_view name) const { return std::ranges::find(members, name) != members.end(); }

bool Cursor::is_newcomer(std::string_view name) const {
    return std::ranges::find(newcomers, name, &Newcomer::name) != newcomers.end();
}

bool Cursor::comes_stopped(const std::string& name, Time now) {
    if (knows(name))
        return false;
    const auto found = std::ranges::find(newcomers, name, &Newcomer::name);
    if (found != newcomers.end())
        return std::chrono::abs(now - found->at) < kComes;
    if (newcomers.size() >= kMaxMembers)
        return false;
    newcomers.push_back({name, now});
    return true;
}

void Cursor::add_position(std::uint64_t bytes, Time at) {
    if (!positions.empty() && (bytes < positions.back().bytes || at < positions.back().at))
        positions.clear();
    if (!positions.empty() && bytes == positions.back().bytes)
        return;
    positions.push_back({bytes, at});
    if (positions.size() <= kMaxPositions)
        return;
    // Every second of the older half goes: what is long behind need not be known to the second.
    std::vector<Position> kept;
    for (std::size_t i = 0; i < positions.size(); ++i)
        if (i >= kMaxPositions / 2 || i % 2 == 0)
            kept.push_back(positions[i]);
    positions = std::move(kept);
}

std::optional<Duration> Cursor::lag(std::uint64_t behind, Time now) const {
    if (positions.empty())
        return std::nullopt;
    if (behind == 0)
        return Duration{0};
    const std::uint64_t newest = positions.back().bytes;
    const std::uint64_t reached = newest - std::min(behind, newest);
    const auto lacks = std::ranges::upper_bound(positions, reached, {}, &Position::bytes);
    return std::max(Duration{0}, now - lacks->at);
}

Cursor read_cursor(std::string_view text) {
    // Starting anew costs who is missing since before, and the lag until something new is written.
    return io::read_remembered(text, [](const io::Json& json) {
        Cursor cursor;
        for (const io::Json& name : json["members"].items())
            cursor.add_member(name.text());
        for (const io::Json& position : json["positions"].items())
            cursor.add_position(position["bytes"].natural(), Time{Duration{position["at_ms"].integer()}});
        if (json["newcomers"])
            for (const io::Json& one : json["newcomers"].items())
                cursor.comes_stopped(one["name"].text(), Time{Duration{one["at_ms"].integer()}});
        return cursor;
    });
}

std::string write_cursor(const Cursor& cursor) {
    io::JsonWriter out;
    out.begin_object().key("members").begin_array();
    for (const std::string& name : cursor.members)
        out.value(name);
    out.end_array().key("positions").begin_array();
    for (const Position& position : cursor.positions)
        out.begin_object()
            .field("bytes", position.bytes)
            .field("at_ms", std::int64_t{position.at.time_since_epoch().count()})
            .end_object();
    out.end_array().key("newcomers").begin_array();
    for (const Newcomer& one : cursor.newcomers)
        out.begin_object()
            .field("name", one.name)
            .field("at_ms", std::int64_t{one.at.time_since_epoch().count()})
            .end_object();
    out.end_array().end_object();
    return out.take();
}

} // namespace recoverd::collectors::patroni_parts
