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

/// Its characters are whatever was in memory: who calls this writes each before it is read.
std::string with_room(std::size_t size) {
    std::string room;
    room.resize_and_overwrite(size, [size](char*, std::size_t) { return size; });
    return room;
}

/// Past the last character written. The texts must not lie where they are written to, but to their own right.
template <class... Parts>
char* write(char* to, const Parts&... parts) {
    ((to = std::copy_n(parts.data(), parts.size(), to)), ...);
    return to;
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

/// The lines before a family's series, in pieces.
std::array<std::string_view, 9> heading(const Metric& family, Format format) {
    std::string_view name = family.name;
    // OpenMetrics names the family, and only its samples carry `_total`.
    if (format == Format::openmetrics && family.type == MetricType::counter)
        name.remove_suffix("_total"sv.size());
    return {"# HELP ", name, " ", family.help, "\n# TYPE ", name, " ", type_word(family.type), "\n"};
}

std::size_t heading_room(const Metric& family) {
    std::size_t room = 0;
    for (const std::string_view piece : heading(family, Format::text)) // the longer one of both
        room += piece.size();
    return room;
}

constexpr std::string_view kEnd = "# EOF\n";

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

void SeriesWriter::begin() {
    // From one scrape to the next a time gets a digit more, or a few checks are new.
    const auto room_for = [](std::size_t last) { return last + last / 64 + 256; };
    std::size_t size = kEnd.size();
    for (std::size_t i = 0; i < kMetricCount; ++i)
        size += heading_room(metrics()[i]) + room_for(sizes_[i]);
    page_ = with_room(size);
    char* at = page_.data();
    for (std::size_t i = 0; i < kMetricCount; ++i) {
        at += heading_room(metrics()[i]);
        families_[i] = {.begin = at, .end = at, .limit = at + room_for(sizes_[i])};
        at = families_[i].limit;
    }
    group_ = 0;
}

template <class... Parts>
void SeriesWriter::put(MetricId id, const Parts&... parts) {
    Lines& lines = families_[index(id)];
    if (lines.group != group_) {
        lines.group = group_;
        lines.group_begin = lines.size();
    }
    if (lines.more.empty() && (parts.size() + ...) <= static_cast<std::size_t>(lines.limit - lines.end))
        lines.end = write(lines.end, parts...);
    else
        (lines.more.append(parts), ...);
}

void SeriesWriter::line(MetricId id, std::string_view suffix, std::string_view labels, Label more,
                        const ValueText& value) {
    const std::string_view name = metric(id).name;
    if (!more.name.empty())
        put(id, name, suffix, "{"sv, labels, labels.empty() ? ""sv : ","sv, more.name, "=\""sv, more.value, "\"} "sv,
            value.text(), "\n"sv);
    else if (!labels.empty())
        put(id, name, suffix, "{"sv, labels, "} "sv, value.text(), "\n"sv);
    else
        put(id, name, suffix, " "sv, value.text(), "\n"sv);
}

bool SeriesWriter::seen_in_group(MetricId id, std::string_view labels) const {
    const Lines& lines = families_[index(id)];
    if (lines.group != group_)
        return false;
    std::string whole;
    whole.append("{").append(labels).append("} ");
    const std::size_t in_page = lines.in_page().size();
    return lines.in_page().substr(std::min(lines.group_begin, in_page)).contains(whole) ||
           std::string_view{lines.more}
               .substr(lines.group_begin - std::min(lines.group_begin, in_page))
               .contains(whole);
}

std::string SeriesWriter::take(Format format) {
    std::size_t more = 0;
    for (const Lines& lines : families_)
        more += lines.more.size();
    // Where a family outgrew its part, as on the first page, all of them go to another one.
    std::string written = std::move(page_);
    std::string apart = with_room(more > 0 ? written.size() + more : 0);
    std::string& page = more > 0 ? apart : written;
    char* to = page.data();
    for (std::size_t i = 0; i < kMetricCount; ++i) {
        const Lines& lines = families_[i];
        sizes_[i] = lines.size();
        if (sizes_[i] == 0)
            continue;
        for (const std::string_view piece : heading(metrics()[i], format))
            to = write(to, piece);
        to = write(to, lines.in_page(), lines.more);
    }
    if (format == Format::openmetrics)
        to = write(to, kEnd);
    page.resize(static_cast<std::size_t>(to - page.data()));
    families_ = {};
    return std::move(page);
}

} // namespace recoverd::exporters
