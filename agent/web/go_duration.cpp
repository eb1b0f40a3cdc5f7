// SPDX-License-Identifier: Apache-2.0
#include "agent/web/go_duration.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <ranges>

namespace recoverd::agent {

namespace {

struct GoUnit {
    std::string_view name;
    std::int64_t nanoseconds;
};

// The micro sign and the Greek letter are both taken.
constexpr std::array<GoUnit, 8> kGoUnits{{{"ns", 1},
                                          {"us", 1'000},
                                          {"\u00b5s", 1'000},
                                          {"\u03bcs", 1'000},
                                          {"ms", 1'000'000},
                                          {"s", 1'000'000'000},
                                          {"m", 60'000'000'000},
                                          {"h", 3'600'000'000'000}}};

/// Takes what is before the first character for which `ends` holds off the front.
template <class Ends>
std::string_view take_until(std::string_view& rest, Ends ends) {
    const auto end = std::ranges::find_if(rest, ends);
    const std::string_view taken = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
    rest.remove_prefix(taken.size());
    return taken;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_no_digit(char c) { return !is_digit(c); }
bool begins_number(char c) { return is_digit(c) || c == '.'; }

/// "1.5h", off the front, in nanoseconds.
std::optional<std::int64_t> take_part(std::string_view& rest) {
    const std::string_view whole = take_until(rest, is_no_digit);
    std::string_view fraction;
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        fraction = take_until(rest, is_no_digit);
    }
    const std::string_view name = take_until(rest, begins_number);
    const auto unit = std::ranges::find(kGoUnits, name, &GoUnit::name);
    if ((whole.empty() && fraction.empty()) || unit == kGoUnits.end())
        return std::nullopt;
    std::int64_t part = 0;
    if (!whole.empty() && std::from_chars(whole.data(), whole.data() + whole.size(), part).ec != std::errc{})
        return std::nullopt;
    double share = 0;
    for (const char digit : fraction | std::views::reverse)
        share = (share + (digit - '0')) / 10;
    const auto beside = static_cast<std::int64_t>(share * static_cast<double>(unit->nanoseconds));
    if (__builtin_mul_overflow(part, unit->nanoseconds, &part) || __builtin_add_overflow(part, beside, &part))
        return std::nullopt;
    return part;
}

} // namespace

std::optional<std::chrono::nanoseconds> parse_go_duration(std::string_view text) {
    if (text == "0")
        return std::chrono::nanoseconds{0};
    if (text.empty())
        return std::nullopt;
    std::int64_t total = 0;
    while (!text.empty()) {
        const auto part = take_part(text);
        if (!part || __builtin_add_overflow(total, *part, &total))
            return std::nullopt;
    }
    return std::chrono::nanoseconds{total};
}

} // namespace recoverd::agent
