// SPDX-License-Identifier: Apache-2.0
#include "worker/files/named_time.hpp"

#include <algorithm>
#include <ctime>
#include <unordered_map>

namespace recoverd::worker::files {

namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// `width` digits at `at`, or -1.
int digits(std::string_view name, std::size_t at, std::size_t width) {
    if (at + width > name.size())
        return -1;
    int value = 0;
    for (std::size_t i = at; i < at + width; ++i) {
        if (!is_digit(name[i]))
            return -1;
        value = value * 10 + (name[i] - '0');
    }
    return value;
}

bool ends_here(std::string_view name, std::size_t at) { return at >= name.size() || !is_digit(name[at]); }

/// Reads a clock at `at`; `between` is what must stand between its parts, 0 for nothing. Moves `end` behind it.
bool read_clock(std::string_view name, std::size_t at, char between, NamedTime& time, std::size_t& end) {
    const std::size_t step = between ? 3 : 2;
    const int hour = digits(name, at, 2);
    const int minute = digits(name, at + step, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || (between && name[at + 2] != between))
        return false;
    std::size_t stop = at + step + 2;
    int second = 0;
    if (!between || (stop < name.size() && name[stop] == between)) {
        second = digits(name, at + 2 * step, 2);
        if (second > 60)
            return false;
        stop = second < 0 ? stop : at + 2 * step + 2;
    }
    if (!ends_here(name, stop))
        return false;
    time.hour = static_cast<std::uint8_t>(hour);
    time.minute = static_cast<std::uint8_t>(minute);
    time.second = static_cast<std::uint8_t>(std::max(second, 0));
    time.has_clock = true;
    end = stop;
    return true;
}

bool read_date(std::string_view name, std::size_t at, NamedTime& time, std::size_t& end) {
    const int year = digits(name, at, 4);
    if (year < 1990 || year > 2099)
        return false;
    const char between = at + 4 < name.size() ? name[at + 4] : '\0';
    const bool separated = between == '-' || between == '_' || between == '.';
    const std::size_t step = separated ? 3 : 2;
    const std::size_t month_at = at + 4 + (separated ? 1 : 0);
    const int month = digits(name, month_at, 2);
    const int day = digits(name, month_at + step, 2);
    if (month < 1 || day < 1 || (separated && name[month_at + 2] != between))
        return false;
    using namespace std::chrono;
    const year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                              std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok())
        return false;
    time.year = static_cast<std::int16_t>(year);
    time.month = static_cast<std::uint8_t>(month);
    time.day = static_cast<std::uint8_t>(day);
    end = month_at + step + 2;
    // "20261122030000": the clock may follow at once only where the date has no separators either.
    if (!separated && !ends_here(name, end))
        return read_clock(name, end, '\0', time, end);
    return ends_here(name, end);
}

void read_clock_behind(std::string_view name, NamedTime& time, std::size_t& end) {
    constexpr std::string_view kBefore = "Tt_-. ";
    if (time.has_clock || end >= name.size() || !kBefore.contains(name[end]))
        return;
    const std::size_t at = end + 1;
    for (const char between : {':', '-', '_', '.', '\0'})
        if (read_clock(name, at, between, time, end))
            return;
}

/// Reads "Z", "+01:00" or "-0500" at `end`, which it moves behind it.
void read_zone(std::string_view name, bool behind_t, NamedTime& time, std::size_t& end) {
    if (end >= name.size())
        return;
    if (name[end] == 'Z' || name[end] == 'z') {
        time.ahead = 0;
        ++end;
        return;
    }
    const bool east = name[end] == '+';
    // Elsewhere dashes part what has nothing to do with each other.
    if (!behind_t || (!east && name[end] != '-'))
        return;
    const int hours = digits(name, end + 1, 2);
    const std::size_t at = end + 3 + (end + 3 < name.size() && name[end + 3] == ':' ? 1 : 0);
    const int minutes = digits(name, at, 2);
    // Clocks on Earth are up to 14 hours ahead, or 1 to 12 hours behind; other digits count something ("-0030").
    const bool possible = east ? hours >= 0 && hours <= 14 : hours >= 1 && hours <= 12;
    if (!possible || minutes < 0 || minutes > 45 || minutes % 15 != 0 || !ends_here(name, at + 2))
        return;
    const int apart = hours * 60 + minutes;
    time.ahead = static_cast<std::int16_t>(east ? apart : -apart);
    end = at + 2;
}

core::Time civil(const NamedTime& time) {
    using namespace std::chrono;
    const sys_days day = std::chrono::year{time.year} / std::chrono::month{time.month} / std::chrono::day{time.day};
    return core::Time{day} + hours{time.hour} + minutes{time.minute} + seconds{time.second};
}

/// What local time is ahead of UTC at this local hour. Remembered: mktime asks the file system each time.
core::Duration local_offset(const NamedTime& time) {
    static std::unordered_map<std::int64_t, core::Duration> known;
    const auto hour = std::chrono::floor<std::chrono::hours>(civil(time)).time_since_epoch().count();
    if (const auto found = known.find(hour); found != known.end())
        return found->second;
    std::tm local{};
    local.tm_year = time.year - 1900;
    local.tm_mon = time.month - 1;
    local.tm_mday = time.day;
    local.tm_hour = time.hour;
    local.tm_isdst = -1;
    const std::time_t utc = std::mktime(&local);
    const core::Duration offset = std::chrono::hours{hour} - std::chrono::seconds{utc};
    known.emplace(hour, offset);
    return offset;
}

} // namespace

std::optional<NamedTime> find_time(std::string_view name) {
    std::optional<NamedTime> found;
    for (std::size_t at = 0; at + 8 <= name.size();) {
        NamedTime time;
        std::size_t end = 0;
        const bool begins = is_digit(name[at]) && (at == 0 || !is_digit(name[at - 1]));
        if (!begins || !read_date(name, at, time, end)) {
            ++at;
            continue;
        }
        const bool behind_t = end < name.size() && (name[end] == 'T' || name[end] == 't');
        read_clock_behind(name, time, end);
        if (time.has_clock)
            read_zone(name, behind_t, time, end);
        time.begin = static_cast<std::uint16_t>(at);
        time.end = static_cast<std::uint16_t>(end);
        found = time;
        at = end;
    }
    return found;
}

core::Time data_time(const std::optional<NamedTime>& named, core::Time mtime, NameTime zone) {
    if (!named || zone == NameTime::ignored)
        return mtime;
    const core::Time moment = civil(*named);
    if (named->has_clock) {
        const core::Duration ahead = named->ahead            ? core::Duration{std::chrono::minutes{*named->ahead}}
                                     : zone == NameTime::utc ? core::Duration{0}
                                                             : local_offset(*named);
        return std::min(mtime, moment - ahead);
    }
    // Somewhere on Earth the named day begins 14 hours before and ends 12 hours after it does in UTC.
    const bool written_that_day = mtime >= moment - std::chrono::hours{14} && mtime < moment + std::chrono::hours{36};
    return written_that_day ? mtime : std::min(mtime, moment);
}

} // namespace recoverd::worker::files
