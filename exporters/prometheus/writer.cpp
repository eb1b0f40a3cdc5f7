// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus/writer.hpp"

#include "exporters/escape.hpp"

#include <charconv>
#include <cmath>

namespace recoverd::exporters {

namespace {

constexpr std::size_t index(MetricId id) { return static_cast<std::size_t>(id); }

template <class Number>
void append_number(std::string& out, Number value) {
    char digits[32];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
    out.append(digits, end);
}

void append_value(std::string& out, double value) {
    if (std::isnan(value))
        out += "NaN";
    else if (std::isinf(value))
        out += value > 0 ? "+Inf" : "-Inf";
    else
        append_number(out, value);
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

LabelText& LabelText::add(std::string_view name, std::string_view value) {
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

std::string& SeriesWriter::begin(MetricId id, std::string_view suffix, std::string_view labels) {
    std::string& out = families_[index(id)];
    out.append(metric(id).name).append(suffix);
    if (!labels.empty())
        out.append("{").append(labels).append("}");
    out += ' ';
    return out;
}

void SeriesWriter::add(MetricId id, std::string_view labels, double value) {
    std::string& out = begin(id, {}, labels);
    append_value(out, value);
    out += '\n';
}

void SeriesWriter::add(MetricId id, std::string_view labels, std::uint64_t value) {
    std::string& out = begin(id, {}, labels);
    append_number(out, value);
    out += '\n';
}

void SeriesWriter::add(MetricId id, std::string_view labels, core::Duration value) {
    std::string& out = begin(id, {}, labels);
    // Whole milliseconds, so no floating point: 1795316400.25 and never 1.79531640025e+09.
    auto ms = value.count();
    if (ms < 0) {
        out += '-';
        ms = -ms;
    }
    append_number(out, ms / 1000);
    if (const auto rest = static_cast<int>(ms % 1000); rest != 0) {
        const char fraction[4] = {'.', static_cast<char>('0' + rest / 100), static_cast<char>('0' + rest / 10 % 10),
                                  static_cast<char>('0' + rest % 10)};
        out.append(fraction, 4);
    }
    out += '\n';
}

void SeriesWriter::add_part(MetricId id, std::string_view suffix, std::string_view labels, double value) {
    std::string& out = begin(id, suffix, labels);
    append_value(out, value);
    out += '\n';
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
