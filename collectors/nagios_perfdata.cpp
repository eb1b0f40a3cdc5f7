// SPDX-License-Identifier: Apache-2.0
#include "collectors/nagios_perfdata.hpp"

#include "collectors/exec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace recoverd::collectors {

namespace {

// More than a plug-in has reason to tell; each becomes a series.
constexpr std::size_t kMaxMeasurements = 200;
constexpr std::size_t kMaxLabel = 100;
constexpr std::size_t kMaxText = 500;

/// '.' as the decimal point whatever the locale; no exponent, no NaN, no infinity.
std::optional<double> read_number(std::string_view text) {
    if (text.empty() || text.find_first_not_of("-0123456789.") != std::string_view::npos)
        return std::nullopt;
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

struct Unit {
    std::string_view written;
    std::string_view base;
    double factor;
};

// monitoring-plugins count bytes by 1024, whatever they call them.
constexpr double kKilo = 1024;
constexpr std::array<Unit, 15> kUnits{{{"", "", 1},
                                       {"s", "seconds", 1},
                                       {"ms", "seconds", 1e-3},
                                       {"us", "seconds", 1e-6},
                                       {"%", "ratio", 1e-2},
                                       {"B", "bytes", 1},
                                       {"KB", "bytes", kKilo},
                                       {"MB", "bytes", kKilo* kKilo},
                                       {"GB", "bytes", kKilo* kKilo* kKilo},
                                       {"TB", "bytes", kKilo* kKilo* kKilo* kKilo},
                                       {"KiB", "bytes", kKilo},
                                       {"MiB", "bytes", kKilo* kKilo},
                                       {"GiB", "bytes", kKilo* kKilo* kKilo},
                                       {"TiB", "bytes", kKilo* kKilo* kKilo* kKilo},
                                       {"c", "count", 1}}};

/// Control characters become spaces, and a cut never falls into a UTF-8 character.
std::string printable(std::string_view text, std::size_t most) {
    if (text.size() > most) {
        while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U)
            --most;
        text = text.substr(0, most);
    }
    std::string clean{text};
    std::replace_if(clean.begin(), clean.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; }, ' ');
    const auto last = clean.find_last_not_of(' ');
    clean.resize(last == std::string::npos ? 0 : last + 1);
    return clean.substr(std::min(clean.find_first_not_of(' '), clean.size()));
}

struct Item {
    std::string label;
    std::string_view fields;
};

constexpr std::string_view kSpace = " \t\r\n";

/// Cuts one `'label'=value;…` off `rest`; an item whose label cannot be read has no fields.
Item next_item(std::string_view& rest) {
    Item item;
    std::size_t at = 0;
    if (rest.front() == '\'') {
        for (at = 1; at < rest.size(); ++at) {
            if (rest[at] != '\'')
                item.label += rest[at];
            else if (at + 1 < rest.size() && rest[at + 1] == '\'')
                item.label += rest[at++];
            else
                break;
        }
        at = std::min(at + 1, rest.size());
    } else {
        at = std::min(rest.find_first_of("= \t\r\n"), rest.size());
        item.label = rest.substr(0, at);
    }
    const std::size_t end = std::min(rest.find_first_of(kSpace, at), rest.size());
    if (at < rest.size() && rest[at] == '=')
        item.fields = rest.substr(at + 1, end - at - 1);
    rest.remove_prefix(end);
    return item;
}

void use_range(core::Measurement& measurement, const NagiosRange& range, double factor, core::Priority priority) {
    if (range.start)
        measurement.below = *range.start * factor;
    if (range.end)
        measurement.above = *range.end * factor;
    measurement.inverted = range.inverted;
    measurement.priority = priority;
}

enum class Read : std::uint8_t { measured, undetermined, bad };

Read read_item(const Item& item, core::Measurement& measurement) {
    std::vector<std::string_view> fields;
    for (std::string_view rest = item.fields; fields.size() < 6;) {
        const auto semicolon = rest.find(';');
        fields.push_back(rest.substr(0, semicolon));
        if (semicolon == std::string_view::npos)
            break;
        rest.remove_prefix(semicolon + 1);
    }
    if (item.label.empty() || item.label.size() > kMaxLabel || printable(item.label, kMaxLabel) != item.label)
        return Read::bad;
    const std::string_view value = fields.front();
    if (value == "U")
        return Read::undetermined;
    const std::size_t digits = std::min(value.find_first_not_of("-0123456789."), value.size());
    const auto number = read_number(value.substr(0, digits));
    const auto unit = std::find_if(kUnits.begin(), kUnits.end(),
                                   [&](const Unit& known) { return known.written == value.substr(digits); });
    if (!number || unit == kUnits.end())
        return Read::bad;
    measurement.name = item.label;
    measurement.value = *number * unit->factor;
    measurement.unit = unit->base;
    // One threshold to a measurement: the one that is crossed first. The verdict knows the other.
    for (const auto& [field, priority] : {std::pair{1U, core::Priority::p3}, {2U, core::Priority::p2}}) {
        if (fields.size() <= field || fields[field].empty())
            continue;
        const auto range = read_range(fields[field]);
        if (!range)
            return Read::bad;
        if (!measurement.priority)
            use_range(measurement, *range, unit->factor, priority);
    }
    return Read::measured;
}

void read_perfdata(std::string_view perfdata, NagiosOutput& output) {
    std::vector<std::string> bad;
    std::size_t passed_over = 0;
    while (true) {
        perfdata.remove_prefix(std::min(perfdata.find_first_not_of(kSpace), perfdata.size()));
        if (perfdata.empty())
            break;
        const std::string_view before = perfdata;
        const Item item = next_item(perfdata);
        core::Measurement measurement;
        Read read = read_item(item, measurement);
        const bool again = std::any_of(output.measurements.begin(), output.measurements.end(),
                                       [&](const auto& known) { return known.name == item.label; });
        if (read == Read::measured && (again || output.measurements.size() >= kMaxMeasurements))
            read = Read::bad;
        if (read == Read::measured)
            output.measurements.push_back(std::move(measurement));
        if (read == Read::bad && ++passed_over <= 3)
            bad.push_back("'" + printable(before.substr(0, before.size() - perfdata.size()), 60) + "'");
    }
    output.passed_over = fmt::format("{}", fmt::join(bad, ", "));
    if (passed_over > bad.size())
        output.passed_over += fmt::format(" and {} more", passed_over - bad.size());
}

} // namespace

std::optional<NagiosRange> read_range(std::string_view text) {
    NagiosRange range;
    if (text.starts_with('@')) {
        range.inverted = true;
        text.remove_prefix(1);
    }
    const auto colon = text.find(':');
    const std::string_view start = colon == std::string_view::npos ? std::string_view{"0"} : text.substr(0, colon);
    const std::string_view end = colon == std::string_view::npos ? text : text.substr(colon + 1);
    if (start != "~")
        range.start = start.empty() ? 0.0 : read_number(start);
    if (!end.empty())
        range.end = read_number(end);
    if ((start != "~" && !range.start) || (!end.empty() && !range.end))
        return std::nullopt;
    if ((end.empty() && colon == std::string_view::npos) || (range.start && range.end && *range.start > *range.end))
        return std::nullopt;
    return range;
}

NagiosOutput read_nagios_output(std::string_view out) {
    NagiosOutput output;
    const std::size_t line_end = std::min(out.find('\n'), out.size());
    const std::string_view first = out.substr(0, line_end);
    const std::string_view more = out.substr(line_end);
    const std::size_t bar = std::min(first.find('|'), first.size());
    output.text = printable(first.substr(0, bar), kMaxText);
    // Long output may be followed by more performance data, again after a bar.
    std::string perfdata{first.substr(std::min(bar + 1, first.size()))};
    if (const auto second = more.find('|'); second != std::string_view::npos)
        perfdata.append(" ").append(more.substr(second + 1));
    read_perfdata(perfdata, output);
    return output;
}

} // namespace recoverd::collectors
