// SPDX-License-Identifier: Apache-2.0
// Damaged pages that a PostgreSQL has counted (pg_stat_database.checksum_failures), remembered over a crash, which
// discards its statistics and mends nothing.
#pragma once

#include "collectors/pg_rows.hpp"

#include <cstdint>
#include <string>

namespace recoverd::collectors {

struct ChecksumFailures {
    std::uint64_t count = 0;
    /// When somebody had last reset statistics by then, in seconds since 1970 by the server's clock; 0 for never, and
    /// where that is not to be told from a crash.
    double reset = 0;

    /// A counter that fell while nobody reset statistics was lost in a crash, and the damage was not. `major`: of the
    /// server's version.
    void follow(std::uint64_t counted, double reset_at, int major);

    bool operator==(const ChecksumFailures&) const = default;
};

/// Where they are, and how one ends them. `row` has the columns `databases` and `last` of those that are counted now.
std::string words_of(const ChecksumFailures& known, std::uint64_t counted, int major, const Row& row);

} // namespace recoverd::collectors
