// SPDX-License-Identifier: Apache-2.0
// A configuration document as a tree of values that know where they stand. Made from TOML by agent/config, so that
// everything that understands options stays free of the TOML library.
#pragma once

#include "core/time.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace recoverd::core::config {

/// Line and column count from 1; 0 means "not from a file".
struct Position {
    std::shared_ptr<const std::string> file;
    std::uint32_t line = 0;
    std::uint32_t column = 0;

    bool operator==(const Position&) const = default;
};

struct Entry;
struct Node;
using Array = std::vector<Node>;
/// Entries in the order of the document.
using Table = std::vector<Entry>;

struct Node {
    std::variant<bool, std::int64_t, double, std::string, Time, Array, Table> value;
    Position at;

    const Table* table() const { return std::get_if<Table>(&value); }
    const Array* array() const { return std::get_if<Array>(&value); }
    const std::string* text() const { return std::get_if<std::string>(&value); }
};

struct Entry {
    std::string key;
    Position key_at;
    Node node;
};

/// The entry of `table` with this key, or nullptr.
const Entry* find(const Table& table, std::string_view key);
/// Where its value stands, or `otherwise`.
Position position_of(const Table& table, std::string_view key, const Position& otherwise);
/// What a value is, in words a user knows: "a string", "an integer", "a table" …
std::string_view describe(const Node& node);
/// One line of canonical text of a whole tree; equal trees give equal text wherever they stand.
std::string canonical(const Node& node);

} // namespace recoverd::core::config
