// SPDX-License-Identifier: Apache-2.0
// Up to when a replica holds what its primary took in. One that is cut off goes on saving, and writing its append-only
// file: all of it of the moment at which the link broke, and nothing in it is unsaved.
#include "collectors/valkey/parts.hpp"

#include <chrono>

namespace recoverd::collectors::vk {

namespace {

// For how long the link has been down is told in whole seconds.
constexpr core::Duration kSameMoment{2'000};

} // namespace

std::optional<core::Time> cut_off_at(const Server& server, const Info& info, const Cursor& cursor, core::Time now) {
    // So says one whose own primary is a replica that was cut off, too: nothing comes from there, and it takes nobody
    // back (NOMASTERLINK). A host that vanished is noticed after repl-timeout, 60 s: by as much this may be late.
    if (!server.replica || info.text("master_link_status") == "up")
        return std::nullopt;
    if (const auto down = info.seconds("master_link_down_since_seconds")) {
        const core::Time at = now - *down;
        const bool known = cursor.cut_off_at && std::chrono::abs(at - *cursor.cut_off_at) <= kSameMoment;
        return known ? cursor.cut_off_at : at;
    }
    // -1: no link since it started or became a replica. What it then had it had before; without a look that saw it in
    // step, or as a primary, it is at least as old as its start.
    return cursor.cut_off_at ? cursor.cut_off_at : cursor.looked_at.value_or(server.started_at);
}

} // namespace recoverd::collectors::vk
