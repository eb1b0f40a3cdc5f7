// SPDX-License-Identifier: Apache-2.0
// Rows of text into values.
#include "collectors/postgresql/parts.hpp"
#include "io/json.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace recoverd::collectors::pg {

namespace {

[[noreturn]] void bad(std::string_view column, std::string_view wanted, std::string_view found) {
    throw io::BadDocument(fmt::format("column {}: expected {}, found '{}'", column, wanted, found.substr(0, 60)));
}

} // namespace

const std::optional<std::string>& Row::text(std::string_view column) const {
    const int at = table_.column(column);
    if (at < 0 || static_cast<std::size_t>(at) >= table_.rows[index_].size())
        throw io::BadDocument(fmt::format("column {}: expected one, found none", column));
    return table_.rows[index_][static_cast<std::size_t>(at)];
}

std::optional<bool> Row::flag(std::string_view column) const {
    const auto& value = text(column);
    if (!value)
        return std::nullopt;
    if (*value != "t" && *value != "f")
        bad(column, "t or f", *value);
    return *value == "t";
}

std::optional<double> Row::number(std::string_view column) const {
    const auto& value = text(column);
    if (!value)
        return std::nullopt;
    double number = 0;
    const char* end = value->data() + value->size();
    const auto [stop, error] = std::from_chars(value->data(), end, number);
    if (error != std::errc{} || stop != end || !std::isfinite(number))
        bad(column, "a number", *value);
    return number;
}

std::optional<std::uint64_t> Row::natural(std::string_view column) const {
    const auto& value = text(column);
    if (!value)
        return std::nullopt;
    if (value->starts_with('-'))
        return 0;
    std::uint64_t number = 0;
    const char* end = value->data() + value->size();
    const auto [stop, error] = std::from_chars(value->data(), end, number);
    if (error != std::errc{} || stop != end)
        bad(column, "a whole number", *value);
    return number;
}

std::optional<core::Time> Row::time(std::string_view column) const {
    const auto seconds = number(column);
    if (!seconds)
        return std::nullopt;
    // "infinity" was refused above; beyond the year 9999 nothing could be said about it anyway.
    if (std::abs(*seconds) > core::to_unix_seconds(core::kNever))
        bad(column, "a time", *text(column));
    return core::Time{core::from_seconds(*seconds)};
}

Row only_row(const io::PgTable& table, std::string_view what) {
    if (!table.error.empty())
        throw io::BadDocument(fmt::format("{}: {} ({})", what, table.error, table.sqlstate));
    if (table.rows.size() != 1)
        throw io::BadDocument(fmt::format("{}: expected one row, found {}", what, table.rows.size()));
    return {table, 0};
}

std::optional<std::string> xml_value(const std::string& xml, std::string_view name) {
    const std::string open = fmt::format("<{}>", name);
    const auto from = xml.find(open);
    if (from == std::string::npos)
        return std::nullopt;
    const auto to = xml.find('<', from + open.size());
    return xml.substr(from + open.size(), to - from - open.size());
}

Server read_server(const io::PgAnswer& answer) {
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
