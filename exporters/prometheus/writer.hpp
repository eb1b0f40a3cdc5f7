// SPDX-License-Identifier: Apache-2.0
// Collects series family by family while the snapshot is walked once, then joins the families. Walking 10,000 checks
// once per family would miss the cache sixty times over.
#pragma once

#include "core/time.hpp"
#include "exporters/prometheus/table.hpp"

#include <array>
#include <string>
#include <string_view>

namespace recoverd::exporters {

enum class Format : std::uint8_t { text, openmetrics };

/// The labels of one series, escaped: `asset="orders",check="wal"`; empty values are left out, as Prometheus reads them
/// as absent anyway.
class LabelText {
  public:
    LabelText() = default;
    /// Begins with labels that were escaped before.
    explicit LabelText(std::string_view escaped) : text_(escaped) {}

    LabelText& add(std::string_view name, std::string_view value);
    const std::string& text() const { return text_; }

  private:
    std::string text_;
};

class SeriesWriter {
  public:
    /// Forgets all series but keeps the room they took: at 80,000 of them, getting fresh memory from the system costs
    /// more than rendering.
    void clear();

    void add(MetricId id, std::string_view labels, double value);
    void add(MetricId id, std::string_view labels, std::uint64_t value);
    void add(MetricId id, std::string_view labels, bool value) { add(id, labels, std::uint64_t{value}); }
    void add(MetricId id, std::string_view labels, int value) = delete;
    void add(MetricId id, std::string_view labels, core::Duration value);
    void add(MetricId id, std::string_view labels, core::Time value) { add(id, labels, value.time_since_epoch()); }
    /// A histogram's parts: the family's name with `suffix`.
    void add_part(MetricId id, std::string_view suffix, std::string_view labels, double value);

    /// From here on a series with the labels of one added later than this is dropped: a source that names two of
    /// its things alike would otherwise spoil the scrape.
    void begin_group();
    bool seen_in_group(MetricId id, std::string_view labels) const;

    /// The families in the order of the table, those without series left out.
    std::string join(Format format) const;

  private:
    std::string& begin(MetricId id, std::string_view suffix, std::string_view labels);

    std::array<std::string, kMetricCount> families_;
    std::array<std::size_t, kMetricCount> group_{};
};

} // namespace recoverd::exporters
