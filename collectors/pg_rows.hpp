// SPDX-License-Identifier: Apache-2.0
// Rows of text, as libpq brings them, into values. For collectors that read tables.
#pragma once

#include "core/time.hpp"
#include "io/postgres.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace recoverd::collectors {

/// One row of an answer, read by column name. Throws io::BadDocument, naming the column, for what is not there or of
/// another type.
class Row {
  public:
    Row(const io::PgTable& table, std::size_t index) : table_(table), index_(index) {}

    const std::optional<std::string>& text(std::string_view column) const;
    std::optional<bool> flag(std::string_view column) const;
    std::optional<double> number(std::string_view column) const;
    /// A byte position or size; what lies below zero (a follower ahead of us by a race) counts as zero.
    std::optional<std::uint64_t> natural(std::string_view column) const;
    /// Seconds since 1970.
    std::optional<core::Time> time(std::string_view column) const;

  private:
    const io::PgTable& table_;
    std::size_t index_;
};

/// The only row of a table that must have one.
Row only_row(const io::PgTable& table, std::string_view what);

} // namespace recoverd::collectors
