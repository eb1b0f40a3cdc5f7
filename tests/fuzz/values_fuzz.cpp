// SPDX-License-Identifier: Apache-2.0
// Durations, sizes and times as people write them.
#include "core/config/values.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

using namespace core::config;

void fuzz(std::string_view bytes) {
    if (const auto duration = parse_duration(bytes)) {
        must(duration->count() >= 0, "a duration is not negative", bytes);
        const std::string written = format_duration(*duration);
        must(parse_duration(written) == duration, "a duration is read again", written);
    }
    if (const auto size = parse_size(bytes))
        must(parse_size(format_size(*size)).has_value() || *size > 0xF000'0000'0000'0000U, "a size is read again",
             bytes);
    if (const auto time = parse_time(bytes)) {
        const std::string written = format_time(*time);
        // An offset may lead out of the years that can be written.
        constexpr core::Time kFirst = std::chrono::sys_days{std::chrono::year{0} / 1 / 1};
        if (*time >= kFirst && *time <= core::kNever)
            must(parse_time(written) == time, "a time is read again", written);
    }
}

} // namespace recoverd::fuzz
