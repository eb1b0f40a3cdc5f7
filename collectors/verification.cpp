// SPDX-License-Identifier: Apache-2.0
#include "collectors/verification.hpp"

#include "core/config/values.hpp"

#include <algorithm>

namespace recoverd::collectors {

namespace {

constexpr std::size_t kMaxProven = 5'000;
/// A check that fails at its first attempt need not wait for a day.
constexpr int kSooner = 8;
/// One that met the lock of a backup has read nothing yet: it is made once that may be over, before anybody is told.
constexpr Duration kRetryLocked = std::chrono::minutes{10};
/// A connection that broke may be there again by then. Once only: each of them may read for hours before it breaks off.
constexpr Duration kRetryBroken = std::chrono::minutes{5};

const std::string& own_id(const core::RecoveryPoint& point, const OwnIds& own) {
    const auto found = own.find(point.id);
    return found == own.end() ? point.id : found->second;
}

} // namespace

bool Verification::due(Time now, Duration every, bool asked, Locks locks) const {
    // A clock that was set back may not put it off for longer than it was meant to.
    if (!tried_at || *tried_at > now || (asked && (failure || !errors.empty())))
        return true;
    if (failure) {
        const bool locked = locks == Locks::yes && failure->kind == FailureKind::refused;
        const bool broken = failure->kind == FailureKind::unreachable || failure->kind == FailureKind::timed_out;
        every /= kSooner;
        if (locked)
            every = std::min(every, kRetryLocked);
        else if (broken && failures == 1)
            every = std::min(every, kRetryBroken);
    }
    return now - *tried_at >= every;
}

void Verification::tried(std::optional<Failure> why, Time began, Time ended) {
    failure = std::move(why);
    failures = failure ? failures + 1 : 0;
    tried_at = failure ? ended : began;
}

void Verification::passed(const Series& series, const OwnIds& own) {
    std::vector<std::pair<Time, std::string>> found;
    for (const auto& [subject, points] : series)
        for (const core::RecoveryPoint& point : points.points)
            found.emplace_back(point.ended_at, own_id(point, own));
    std::ranges::sort(found, std::ranges::greater{});
    if (found.size() > kMaxProven)
        found.resize(kMaxProven);
    proven.clear();
    for (auto& [ended_at, id] : found)
        proven.insert(std::move(id));
    errors.clear();
    failure.reset();
}

void Verification::found(std::string words) {
    errors = words.empty() ? "no words" : std::move(words);
    proven.clear();
    failure.reset();
}

void Verification::mark(core::RecoveryPoints& points, core::Depth depth, const OwnIds& own) const {
    for (core::RecoveryPoint& point : points.points) {
        if (!errors.empty()) {
            point.state = core::PointState::bad;
            point.detail = errors;
        } else if (proven.contains(own_id(point, own))) {
            point.depth = std::max(point.depth, depth);
        }
    }
}

Verification Verification::read(const io::Json& json) {
    Verification read;
    if (json["tried_at"])
        read.tried_at = json["tried_at"].time();
    if (const io::Json& failure = json["failure"]) {
        const auto kind = core::from_name<FailureKind>(failure["kind"].text());
        if (!kind)
            failure["kind"].bad("a kind of failure");
        read.failure = Failure{*kind, failure["detail"].text()};
        // An older agent did not count them.
        const io::Json& row = failure["in_a_row"];
        read.failures = row ? row.natural() : 2;
    }
    if (json["errors"])
        read.errors = json["errors"].text();
    if (json["proven"])
        for (const io::Json& id : json["proven"].items())
            read.proven.insert(id.text());
    return read;
}

void Verification::write(io::JsonWriter& out) const {
    out.begin_object();
    if (tried_at)
        out.field("tried_at", core::config::format_time(*tried_at));
    if (failure) {
        out.key("failure").begin_object();
        out.field("kind", core::name_of(failure->kind)).field("detail", failure->detail);
        out.field("in_a_row", failures).end_object();
    }
    if (!errors.empty())
        out.field("errors", errors);
    if (!proven.empty()) {
        out.key("proven").begin_array();
        for (const std::string& id : proven)
            out.value(id);
        out.end_array();
    }
    out.end_object();
}

} // namespace recoverd::collectors
