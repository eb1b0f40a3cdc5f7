// SPDX-License-Identifier: Apache-2.0
// Collects series family by family while the snapshot is walked once, then joins the families. Walking 10,000 checks
// once per family would miss the cache sixty times over.
#pragma once

#include "core/time.hpp"
#include "exporters/prometheus/table.hpp"

#include <array>
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
    /// Forgets all series but keeps the room they took: at 80,000 of them, getting fresh memory from the system costs
    /// more than rendering.
    void clear();

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
    void begin_group();
    bool seen_in_group(MetricId id, std::string_view labels) const;

    /// The families in the order of the table, those without series left out.
    std::string join(Format format) const;

  private:
    void line(MetricId id, std::string_view suffix, std::string_view labels, Label more, const ValueText& value);

    std::array<std::string, kMetricCount> families_;
    std::array<std::size_t, kMetricCount> group_{};
};

} // namespace recoverd::exporters
