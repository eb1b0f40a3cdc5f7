// SPDX-License-Identifier: Apache-2.0
#include "core/config/values.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>

namespace recoverd::core::config {

namespace {

struct DurationUnit {
    std::string_view name;
    std::int64_t ms;
};
constexpr std::array<DurationUnit, 7> kDurationUnits{{{"y", 365 * 86'400'000LL},
                                                      {"w", 7 * 86'400'000LL},
                                                      {"d", 86'400'000LL},
                                                      {"h", 3'600'000LL},
                                                      {"m", 60'000LL},
                                                      {"s", 1'000LL},
                                                      {"ms", 1LL}}};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes the digits that `text` begins with; nothing when there are none or when they do not fit.
std::optional<std::int64_t> take_number(std::string_view& text) {
    std::int64_t n = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc{} || !is_digit(text.front()))
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return n;
}

std::string_view take_unit(std::string_view& text) {
    std::size_t length = 0;
    while (length < text.size() && !is_digit(text[length]))
        ++length;
    const std::string_view unit = text.substr(0, length);
    text.remove_prefix(length);
    return unit;
}

std::unexpected<std::string> bad_duration(std::string_view text) {
    return std::unexpected(fmt::format("expected a duration such as '90s', '1h30m' or '7d', found '{}'", text));
}

struct SizeUnit {
    std::string_view name;
    std::uint64_t bytes;
};
constexpr std::array<SizeUnit, 15> kSizeUnits{{{"", 1},
                                               {"B", 1},
                                               {"kB", 1'000},
                                               {"KB", 1'000},
                                               {"MB", 1'000'000},
                                               {"GB", 1'000'000'000},
                                               {"TB", 1'000'000'000'000},
                                               {"PB", 1'000'000'000'000'000},
                                               {"EB", 1'000'000'000'000'000'000},
                                               {"KiB", 1ULL << 10U},
                                               {"MiB", 1ULL << 20U},
                                               {"GiB", 1ULL << 30U},
                                               {"TiB", 1ULL << 40U},
                                               {"PiB", 1ULL << 50U},
                                               {"EiB", 1ULL << 60U}}};

/// Exactly `count` digits as a number; nothing when there are others or too few.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
    if (text.size() < count)
        return std::nullopt;
    int n = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (!is_digit(text[i]))
            return std::nullopt;
        n = n * 10 + (text[i] - '0');
    }
    text.remove_prefix(count);
    return n;
}

bool take(std::string_view& text, std::string_view any_of) {
    if (text.empty() || !any_of.contains(text.front()))
        return false;
    text.remove_prefix(1);
    return true;
}

std::optional<std::chrono::sys_days> take_date(std::string_view& text) {
    const auto year = take_digits(text, 4);
    if (!year || !take(text, "-"))
        return std::nullopt;
    const auto month = take_digits(text, 2);
    if (!month || !take(text, "-"))
        return std::nullopt;
    const auto day = take_digits(text, 2);
    if (!day)
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok())
        return std::nullopt;
    return std::chrono::sys_days{date};
}

/// Digits after the dot as milliseconds; what is finer than that is cut off.
std::optional<Duration> take_fraction(std::string_view& text) {
    if (!take(text, "."))
        return Duration{0};
    if (text.empty() || !is_digit(text.front()))
        return std::nullopt;
    std::int64_t ms = 0;
    for (std::int64_t place = 100; !text.empty() && is_digit(text.front()); place /= 10) {
        ms += place * (text.front() - '0');
        text.remove_prefix(1);
    }
    return Duration{ms};
}

std::optional<Duration> take_clock(std::string_view& text) {
    const auto hour = take_digits(text, 2);
    if (!hour || *hour > 23 || !take(text, ":"))
        return std::nullopt;
    const auto minute = take_digits(text, 2);
    if (!minute || *minute > 59 || !take(text, ":"))
        return std::nullopt;
    const auto second = take_digits(text, 2);
    // 60 is a leap second, which RFC 3339 allows; the clock it came from shows the following second then.
    if (!second || *second > 60)
        return std::nullopt;
    const auto fraction = take_fraction(text);
    if (!fraction)
        return std::nullopt;
    return std::chrono::hours{*hour} + std::chrono::minutes{*minute} + std::chrono::seconds{*second} + *fraction;
}

std::optional<Duration> take_offset(std::string_view& text) {
    if (take(text, "Zz"))
        return Duration{0};
    const bool behind = !text.empty() && text.front() == '-';
    if (!take(text, "+-"))
        return std::nullopt;
    const auto hours = take_digits(text, 2);
    if (!hours || *hours > 23 || !take(text, ":"))
        return std::nullopt;
    const auto minutes = take_digits(text, 2);
    if (!minutes || *minutes > 59)
        return std::nullopt;
    const Duration offset = std::chrono::hours{*hours} + std::chrono::minutes{*minutes};
    return behind ? -offset : offset;
}

} // namespace

std::expected<Duration, std::string> parse_duration(std::string_view text) {
    if (text == "0")
        return Duration{0};
    if (text.empty())
        return bad_duration(text);
    std::int64_t total = 0;
    std::size_t next = 0;
    for (std::string_view rest = text; !rest.empty();) {
        const auto number = take_number(rest);
        if (!number)
            return bad_duration(text);
        const std::string_view unit = take_unit(rest);
        while (next < kDurationUnits.size() && kDurationUnits[next].name != unit)
            ++next;
        if (next == kDurationUnits.size())
            return bad_duration(text);
        std::int64_t part = 0;
        if (__builtin_mul_overflow(*number, kDurationUnits[next].ms, &part) ||
            __builtin_add_overflow(total, part, &total) || total > std::numeric_limits<std::int64_t>::max() / 8)
            return std::unexpected(fmt::format("expected a duration of less than 10 million years, found '{}'", text));
        ++next;
    }
    return Duration{total};
}

// Days are the largest unit written: who promised "7d" wants to read "7d".
std::string format_duration(Duration d) {
    if (d == Duration{0})
        return "0s";
    std::string out = d < Duration{0} ? "-" : "";
    auto rest = static_cast<std::uint64_t>(d.count());
    if (d < Duration{0})
        rest = 0 - rest;
    for (const auto& unit : kDurationUnits) {
        if (unit.name == "y" || unit.name == "w")
            continue;
        const auto ms = static_cast<std::uint64_t>(unit.ms);
        if (rest >= ms)
            fmt::format_to(std::back_inserter(out), "{}{}", rest / ms, unit.name);
        rest %= ms;
    }
    return out;
}

std::expected<std::uint64_t, std::string> parse_size(std::string_view text) {
    const auto bad = [&] {
        return std::unexpected(fmt::format("expected a size such as '512B', '1.5MB' or '10GiB', found '{}'", text));
    };
    std::size_t digits = 0;
    while (digits < text.size() && (is_digit(text[digits]) || text[digits] == '.'))
        ++digits;
    std::string_view unit_text = text.substr(digits);
    if (!unit_text.empty() && unit_text.front() == ' ')
        unit_text.remove_prefix(1);
    const SizeUnit* unit = nullptr;
    for (const auto& candidate : kSizeUnits)
        if (candidate.name == unit_text)
            unit = &candidate;
    if (!unit || digits == 0)
        return bad();
    std::uint64_t whole = 0;
    const char* const end = text.data() + digits;
    if (const auto [stop, error] = std::from_chars(text.data(), end, whole); stop == end) {
        std::uint64_t bytes = 0;
        if (error != std::errc{} || __builtin_mul_overflow(whole, unit->bytes, &bytes))
            return std::unexpected(fmt::format("expected a size below 16EiB, found '{}'", text));
        return bytes;
    }
    double number = 0;
    const auto [stop, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
    // A fraction of a byte is a slip.
    if (stop != end || error != std::errc{} || unit->bytes == 1 || !is_digit(text[digits - 1]))
        return bad();
    const double bytes = std::round(number * static_cast<double>(unit->bytes));
    if (bytes >= 0x1p64)
        return std::unexpected(fmt::format("expected a size below 16EiB, found '{}'", text));
    return static_cast<std::uint64_t>(bytes);
}

std::string format_size(std::uint64_t bytes) {
    static constexpr std::array<std::string_view, 7> kUnits{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    std::size_t unit = 0;
    double amount = static_cast<double>(bytes);
    // 1023.97KiB would round to "1024KiB".
    for (; unit + 1 < kUnits.size() && amount >= (unit == 0 ? 1024.0 : 1023.95); ++unit)
        amount /= 1024.0;
    std::string number = fmt::format("{:.1f}", amount);
    if (number.ends_with(".0"))
        number.resize(number.size() - 2);
    return number + std::string{kUnits[unit]};
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, port);
    if (error != std::errc{} || stop != end)
        return std::nullopt;
    return port;
}

bool has_bad_port(std::string_view url) {
    constexpr std::string_view kSeparator = "://";
    if (const auto scheme = url.find(kSeparator); scheme != std::string_view::npos)
        url.remove_prefix(scheme + kSeparator.size());
    url = url.substr(0, url.find_first_of("/?#"));
    if (const auto at = url.rfind('@'); at != std::string_view::npos)
        url.remove_prefix(at + 1);
    // The colons of an IPv6 address stand in brackets.
    if (const auto bracket = url.rfind(']'); bracket != std::string_view::npos)
        url.remove_prefix(bracket + 1);
    const auto colon = url.rfind(':');
    if (colon == std::string_view::npos || colon + 1 == url.size())
        return false;
    return parse_port(url.substr(colon + 1)).value_or(0) == 0;
}

std::string format_time(Time t) {
    // Four digits of year are all that RFC 3339 can say.
    constexpr Time kFirst = std::chrono::sys_days{std::chrono::year{0} / 1 / 1};
    constexpr Time kLast = std::chrono::sys_days{std::chrono::year{10000} / 1 / 1} - Duration{1};
    t = std::clamp(t, kFirst, kLast);
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{t - day};
    // Compiled, as every stored report holds a dozen of them.
    std::string text = fmt::format(FMT_COMPILE("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}"), static_cast<int>(date.year()),
                                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                   clock.hours().count(), clock.minutes().count(), clock.seconds().count());
    if (clock.subseconds().count() != 0)
        fmt::format_to(std::back_inserter(text), FMT_COMPILE(".{:03}"), clock.subseconds().count());
    return text += 'Z';
}

std::expected<Time, std::string> parse_time(std::string_view text) {
    std::string_view rest = text;
    const auto date = take_date(rest);
    if (date && take(rest, "Tt ")) {
        const auto clock = take_clock(rest);
        const auto offset = clock ? take_offset(rest) : std::nullopt;
        if (offset && rest.empty())
            return Time{*date} + *clock - *offset;
    }
    return std::unexpected(fmt::format("expected a time such as '2026-11-22T03:00:00Z', found '{}'", text));
}

} // namespace recoverd::core::config
