// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus/writer.hpp"

#include "exporters/escape.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace recoverd::exporters {

using std::string_view_literals::operator""sv;

namespace {

constexpr std::size_t index(MetricId id) { return static_cast<std::size_t>(id); }

/// Makes room once for all parts: a look at it before each took a third of the time of a scrape.
template <class... Parts>
void append(std::string& out, const Parts&... parts) {
    const std::size_t before = out.size();
    out.resize_and_overwrite(before + (parts.size() + ...), [&](char* text, std::size_t) {
        char* to = text + before;
        ((to = std::copy_n(parts.data(), parts.size(), to)), ...);
        // libstdc++ 12 does not pass the size that was asked for, but how much room there is.
        return static_cast<std::size_t>(to - text);
    });
}

constexpr std::string_view type_word(MetricType type) {
    switch (type) {
    case MetricType::counter:
        return "counter";
    case MetricType::histogram:
        return "histogram";
    case MetricType::gauge:
        break;
    }
    return "gauge";
}

void append_heading(std::string& out, const Metric& family, Format format) {
    std::string_view name = family.name;
    // OpenMetrics names the family, and only its samples carry `_total`.
    if (format == Format::openmetrics && family.type == MetricType::counter)
        name.remove_suffix(std::string_view{"_total"}.size());
    out.append("# HELP ").append(name).append(" ").append(family.help).append("\n# TYPE ");
    out.append(name).append(" ").append(type_word(family.type)).append("\n");
}

} // namespace

ValueText::ValueText(double value) {
    const auto special = [&](std::string_view word) { size_ = word.copy(room_.data(), word.size()); };
    if (std::isnan(value))
        special("NaN");
    else if (std::isinf(value))
        special(value > 0 ? "+Inf" : "-Inf");
    else
        size_ = static_cast<std::size_t>(std::to_chars(room_.begin(), room_.end(), value).ptr - room_.data());
}

ValueText::ValueText(std::uint64_t value)
    : size_(static_cast<std::size_t>(std::to_chars(room_.begin(), room_.end(), value).ptr - room_.data())) {}

ValueText::ValueText(core::Duration value) {
    // Whole milliseconds, so no floating point: 1795316400.25 and never 1.79531640025e+09.
    char* at = room_.data();
    auto ms = value.count();
    if (ms < 0) {
        *at++ = '-';
        ms = -ms;
    }
    at = std::to_chars(at, room_.end(), ms / 1000).ptr;
    if (const auto rest = static_cast<int>(ms % 1000); rest != 0)
        for (const int digit : {'.' - '0', rest / 100, rest / 10 % 10, rest % 10})
            *at++ = static_cast<char>('0' + digit);
    size_ = static_cast<std::size_t>(at - room_.data());
}

LabelText& LabelText::add(std::string_view name, std::string_view value) & {
    if (value.empty())
        return *this;
    if (!text_.empty())
        text_ += ',';
    text_.append(name).append("=\"");
    append_label_value(text_, value);
    text_ += '"';
    return *this;
}

void SeriesWriter::clear() {
    for (std::string& family : families_)
        family.clear();
    group_ = {};
}

void SeriesWriter::line(MetricId id, std::string_view suffix, std::string_view labels, Label more,
                        const ValueText& value) {
    std::string& out = families_[index(id)];
    const std::string_view name = metric(id).name;
    if (!more.name.empty())
        append(out, name, suffix, "{"sv, labels, labels.empty() ? ""sv : ","sv, more.name, "=\""sv, more.value,
               "\"} "sv, value.text(), "\n"sv);
    else if (!labels.empty())
        append(out, name, suffix, "{"sv, labels, "} "sv, value.text(), "\n"sv);
    else
        append(out, name, suffix, " "sv, value.text(), "\n"sv);
}

void SeriesWriter::begin_group() {
    for (std::size_t i = 0; i < kMetricCount; ++i)
        group_[i] = families_[i].size();
}

bool SeriesWriter::seen_in_group(MetricId id, std::string_view labels) const {
    const std::string& family = families_[index(id)];
    const std::size_t from = group_[index(id)];
    if (from == family.size())
        return false;
    std::string whole;
    whole.append("{").append(labels).append("} ");
    return family.find(whole, from) != std::string::npos;
}

std::string SeriesWriter::join(Format format) const {
    std::size_t size = 64;
    for (const std::string& family : families_)
        size += family.size() + 300;
    std::string out;
    out.reserve(size);
    for (std::size_t i = 0; i < kMetricCount; ++i) {
        if (families_[i].empty())
            continue;
        append_heading(out, metrics()[i], format);
        out += families_[i];
    }
    if (format == Format::openmetrics)
        out += "# EOF\n";
    return out;
}

} // namespace recoverd::exporters
