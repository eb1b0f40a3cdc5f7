// SPDX-License-Identifier: Apache-2.0
// Writes a page of series while the snapshot is walked once: each family has a part of the page, and at the end the
// parts are moved together. Walking 10,000 checks once per family would miss the cache sixty times over.
#pragma once

#include "core/time.hpp"
#include "exporters/prometheus/table.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace recoverd::exporters {

enum class Format : std::uint8_t { text, openmetrics };

/// The labels of one series, escaped: `asset="orders",check="wal"`; empty values are left out, as Prometheus reads them
/// as absent anyway.
class LabelText {
  public:
    LabelText() = default;
    /// Begins with labels that were escaped before, and has room for one or two more.
    explicit LabelText(std::string_view escaped) {
        constexpr std::size_t kRoom = 48;
        text_.reserve(escaped.size() + kRoom);
        text_ += escaped;
    }

    LabelText& add(std::string_view name, std::string_view value) &;
    LabelText&& add(std::string_view name, std::string_view value) && { return std::move(add(name, value)); }
    const std::string& text() const& { return text_; }
    std::string text() && { return std::move(text_); }

  private:
    std::string text_;
};

/// One label more. `value` is one of our own names, which need no escaping.
struct Label {
    std::string_view name;
    std::string_view value;
};

/// A number as both formats write it.
class ValueText {
  public:
    explicit ValueText(double value);
    explicit ValueText(std::uint64_t value);
    explicit ValueText(bool value) : ValueText(std::uint64_t{value}) {}
    explicit ValueText(int value) = delete;
    explicit ValueText(core::Duration value);
    explicit ValueText(core::Time value) : ValueText(value.time_since_epoch()) {}

    std::string_view text() const { return {room_.data(), size_}; }

  private:
    std::array<char, 32> room_;
    std::size_t size_ = 0;
};

class SeriesWriter {
  public:
    /// Begins a page, with room for as much of each family as the last one had. Nothing is kept between two of them but
    /// these sizes: the lines of 80,000 series are 8 MB.
    void begin();

    template <class Value>
    void add(MetricId id, std::string_view labels, Value value) {
        line(id, {}, labels, {}, ValueText{value});
    }
    template <class Value>
    void add(MetricId id, std::string_view labels, Label more, Value value) {
        line(id, {}, labels, more, ValueText{value});
    }
    /// A histogram's parts: the family's name with `suffix`.
    void add_part(MetricId id, std::string_view suffix, std::string_view labels, double value) {
        line(id, suffix, labels, {}, ValueText{value});
    }

    /// From here on a series with the labels of one added later than this is dropped: a source that names two of
    /// its things alike would otherwise spoil the scrape.
    void begin_group() { ++group_; }
    bool seen_in_group(MetricId id, std::string_view labels) const;

    /// Ends the page, which has the families in the order of the table, those without series left out.
    std::string take(Format format);

  private:
    /// Those of one family: first in its part of the page, then what that had no room for.
    struct Lines {
        char* begin = nullptr;
        char* end = nullptr;
        char* limit = nullptr;
        std::string more;
        /// Where those of a group begin, and of which.
        std::size_t group_begin = 0;
        std::uint64_t group = 0;

        std::string_view in_page() const { return {begin, end}; }
        std::size_t size() const { return in_page().size() + more.size(); }
    };

    template <class... Parts>
    void put(MetricId id, const Parts&... parts);
    void line(MetricId id, std::string_view suffix, std::string_view labels, Label more, const ValueText& value);

    std::string page_;
    std::array<Lines, kMetricCount> families_;
    std::uint64_t group_ = 0;
    /// Of the last page.
    std::array<std::size_t, kMetricCount> sizes_{};
};

} // namespace recoverd::exporters
