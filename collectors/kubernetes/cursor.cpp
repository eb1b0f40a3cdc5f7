// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes/cursor.hpp"

#include "core/config/values.hpp"
#include "io/remembered.hpp"

#include <algorithm>
#include <ranges>

namespace recoverd::collectors::kubernetes_parts {

namespace {

constexpr std::size_t kMaxPods = 5'000;
constexpr Duration kHour = std::chrono::hours{1};
constexpr int kMaxSpoiled = 200;

void write_restarts(io::JsonWriter& out, const std::map<std::string, std::vector<Restarts>>& restarts) {
    out.key("restarts").begin_object();
    for (const auto& [workload, all] : restarts) {
        out.key(workload).begin_array();
        for (const Restarts& some : all)
            out.begin_object().field("at", core::config::format_time(some.at)).field("count", some.count).end_object();
        out.end_array();
    }
    out.end_object();
}

void write_snapshots(io::JsonWriter& out, const SpoiledSnapshots& snapshots) {
    out.key("snapshots").begin_object();
    for (const auto& [uid, spoiled] : snapshots | std::views::take(kMaxSpoiled))
        out.key(uid).begin_object().field("detail", spoiled.detail).field("doubtful", spoiled.doubtful).end_object();
    out.end_object();
}

} // namespace

void Cursor::look(const AllPods& seen, Time now) {
    Cursor next;
    next.looked_at = now;
    next.snapshots = std::move(snapshots);
    next.contents_seen = contents_seen;
    for (const auto& [workload, kept] : restarts)
        std::ranges::copy_if(kept, std::back_inserter(next.restarts[workload]),
                             [&](const Restarts& some) { return some.at > now - kHour && some.at <= now; });
    // Of what happened since an older look nobody knows when it did.
    const bool recent = looked_at && now - *looked_at <= kHour;
    for (const auto& [workload, these] : seen.workloads) {
        std::uint64_t fresh = 0;
        for (const auto& [uid, count] : these.restarts) {
            const auto before = pods.find(uid);
            // One that was not there when all were is new since, with all its restarts.
            const bool known = before != pods.end();
            const std::uint64_t had = !recent ? count : known ? before->second : whole ? 0 : count;
            fresh += count > had ? count - had : 0;
            if (next.pods.size() < kMaxPods)
                next.pods[uid] = count;
            else
                next.whole = false;
        }
        if (fresh > 0)
            next.restarts[workload].push_back({now, fresh});
    }
    std::erase_if(next.restarts, [](const auto& entry) { return entry.second.empty(); });
    *this = std::move(next);
}

std::uint64_t Cursor::last_hour(const std::string& workload) const {
    std::uint64_t sum = 0;
    if (const auto found = restarts.find(workload); found != restarts.end())
        for (const Restarts& some : found->second)
            sum += some.count;
    return sum;
}

Cursor read_cursor(std::string_view text) {
    // Starting anew costs the restarts of one interval.
    return io::read_remembered(text, [](const io::Json& json) {
        Cursor cursor;
        if (json["looked_at"])
            cursor.looked_at = json["looked_at"].time();
        cursor.whole = json["whole"].boolean();
        for (const auto& [uid, count] : json["pods"].object())
            cursor.pods[uid] = count.natural();
        for (const auto& [workload, all] : json["restarts"].object())
            for (const io::Json& some : all.items())
                cursor.restarts[workload].push_back({some["at"].time(), some["count"].natural()});
        if (const io::Json& snapshots = json["snapshots"])
            for (const auto& [uid, spoiled] : snapshots.object())
                cursor.snapshots[uid] = {spoiled["detail"].text(), spoiled["doubtful"].boolean()};
        // Who remembers what is wrong with one has listed them, also before that was remembered of its own.
        cursor.contents_seen = !cursor.snapshots.empty() || (json["contents"] && json["contents"].boolean());
        return cursor;
    });
}

std::string write_cursor(const Cursor& cursor) {
    io::JsonWriter out;
    out.begin_object();
    if (cursor.looked_at)
        out.field("looked_at", core::config::format_time(*cursor.looked_at));
    out.field("whole", cursor.whole).key("pods").begin_object();
    for (const auto& [uid, count] : cursor.pods)
        out.field(uid, count);
    out.end_object();
    write_restarts(out, cursor.restarts);
    if (!cursor.snapshots.empty())
        write_snapshots(out, cursor.snapshots);
    if (cursor.contents_seen)
        out.field("contents", true);
    out.end_object();
    return out.take();
}

} // namespace recoverd::collectors::kubernetes_parts
