// SPDX-License-Identifier: Apache-2.0
// The server and its settings, out of rows of text.
#include "collectors/postgresql/parts.hpp"
#include "io/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace recoverd::collectors::pg {

namespace {

// An answer takes its time: a server that seems to be ahead by less may be right.
constexpr core::Duration kSameClock = std::chrono::seconds{15};

/// Answers that were captured before it was asked for do not say.
core::Duration clock_ahead(const io::PgTable& table, const Row& row, core::Time now) {
    if (table.column("server_now") < 0)
        return core::Duration{0};
    const core::Duration ahead = row.time("server_now").value_or(now) - now;
    return std::chrono::abs(ahead) < kSameClock ? core::Duration{0} : ahead;
}

} // namespace

std::optional<std::string> xml_value(const std::string& xml, std::string_view name) {
    const std::string open = fmt::format("<{}>", name);
    const auto from = xml.find(open);
    if (from == std::string::npos)
        return std::nullopt;
    const auto to = xml.find('<', from + open.size());
    return xml.substr(from + open.size(), to - from - open.size());
}

std::optional<core::Time> on_our_clock(const Server& server, std::optional<core::Time> theirs) {
    if (!theirs)
        return std::nullopt;
    return std::clamp(*theirs - server.clock_ahead, core::Time{-core::kNever.time_since_epoch()}, core::kNever);
}

Server read_server(const io::PgAnswer& answer, core::Time now) {
    const Row row = only_row(answer.tables[server_table], "server");
    Server server;
    server.version = answer.server_version;
    server.in_recovery = row.flag("in_recovery").value_or(false);
    server.system_id = row.text("system_id").value_or("");
    server.user = row.text("user").value_or("");
    server.timeline = row.text("timeline").value_or("");
    server.segment_size = row.natural("segment_size").value_or(0);
    server.horizon = row.text("horizon").value_or("");
    server.insert_position = row.natural("insert_position");
    server.flush_position = row.natural("flush_position");
    server.receive_position = row.natural("receive_position");
    server.replay_position = row.natural("replay_position");
    if (const auto age = row.number("replay_age"))
        server.replay_age = std::max(core::Duration{0}, core::from_seconds(*age));
    server.clock_ahead = clock_ahead(answer.tables[server_table], row, now);
    server.checkpoint_timeline = row.natural("checkpoint_timeline").value_or(0);
    server.streams = row.flag("streams");
    server.may_read_stats = row.flag("may_read_stats").value_or(false);
    server.may_read_settings = row.flag("may_read_settings").value_or(false);
    server.exclusive_backup = xml_value(row.text("exclusive_backup").value_or(""), "since").has_value();
    // 1 MiB to 1 GiB, a power of two: what initdb takes.
    if (server.segment_size < (1U << 20U) || server.segment_size > (1U << 30U) ||
        (server.segment_size & (server.segment_size - 1)) != 0)
        throw io::BadDocument(fmt::format("wal_segment_size: expected 1 MiB to 1 GiB, found {}", server.segment_size));
    return server;
}

Settings read_settings(const io::PgTable& table) {
    Settings settings;
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        const Row row(table, i);
        settings[row.text("name").value_or("")] = {row.text("shown").value_or(""), row.text("raw").value_or("")};
    }
    return settings;
}

} // namespace recoverd::collectors::pg
