// SPDX-License-Identifier: Apache-2.0
#include "collectors/pg_rows.hpp"

#include "io/json.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace recoverd::collectors {

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

/// Of what a server says of an error, in characters: whoever reads the alert needs no more.
constexpr std::size_t kMostError = 600;
/// An SQLSTATE has five (SQL:2016, 24.1).
constexpr std::size_t kSqlState = 5;

Row only_row(const io::PgTable& table, std::string_view what) {
    if (!table.error.empty())
        throw io::BadDocument(
            fmt::format("{}: {} ({})", what, table.error.substr(0, kMostError), table.sqlstate.substr(0, kSqlState)));
    if (table.rows.size() != 1)
        throw io::BadDocument(fmt::format("{}: expected one row, found {}", what, table.rows.size()));
    return {table, 0};
}

} // namespace recoverd::collectors
