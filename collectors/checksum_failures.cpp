// SPDX-License-Identifier: Apache-2.0
#include "collectors/checksum_failures.hpp"

#include <fmt/format.h>

namespace recoverd::collectors {

void ChecksumFailures::follow(std::uint64_t counted, double reset_at) {
    if (counted < count && reset_at <= reset)
        return;
    count = counted;
    reset = reset_at;
}

std::string words_of(const ChecksumFailures& known, std::uint64_t counted, const Row& row) {
    if (counted < known.count)
        return "they were counted before a crash discarded the statistics; when the damage is mended, pg_stat_reset() "
               "begins anew";
    if (counted == 0)
        return "a page is only checked when it is read";
    return fmt::format("in {}, last at {}; when the damage is mended, pg_stat_reset() begins anew",
                       row.text("databases").value_or("?"), row.text("last").value_or("?"));
}

} // namespace recoverd::collectors
