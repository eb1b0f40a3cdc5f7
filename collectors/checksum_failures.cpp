// SPDX-License-Identifier: Apache-2.0
#include "collectors/checksum_failures.hpp"

#include <fmt/format.h>

namespace recoverd::collectors {

namespace {

/// Before 15 a database whose statistics a crash discarded has them "reset" at its next use (reset_dbentry_counters in
/// pgstat.c); from then on stats_reset is NULL until somebody calls pg_stat_reset().
constexpr int kTellsCrash = 15;

} // namespace

void ChecksumFailures::follow(std::uint64_t counted, double reset_at, int major) {
    const double by_somebody = major >= kTellsCrash ? reset_at : 0;
    if (counted < count && by_somebody <= reset)
        return;
    count = counted;
    reset = by_somebody;
}

std::string words_of(const ChecksumFailures& known, std::uint64_t counted, int major, const Row& row) {
    const std::string_view anew = major >= kTellsCrash ? "pg_stat_reset() begins anew"
                                                       : "pg_stat_reset() and then `recoverd forget CHECK/` begin anew";
    if (counted < known.count)
        return fmt::format("they were counted before a crash discarded the statistics; when the damage is mended, {}",
                           anew);
    if (counted == 0)
        return "a page is only checked when it is read";
    return fmt::format("in {}, last at {}; when the damage is mended, {}", row.text("databases").value_or("?"),
                       row.text("last").value_or("?"), anew);
}

} // namespace recoverd::collectors
