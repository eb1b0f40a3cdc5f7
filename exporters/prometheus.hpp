// SPDX-License-Identifier: Apache-2.0
// /metrics: the whole snapshot as Prometheus text or OpenMetrics. Rendered in full at each scrape, so a series goes
// with its check or asset by itself; label strings are escaped once per check and kept.
#pragma once

#include "core/snapshot.hpp"
#include "exporters/facts.hpp"
#include "exporters/prometheus/writer.hpp"

#include <memory>

namespace recoverd::exporters {

/// Not for two threads at a time: it keeps what it escaped.
class PrometheusRenderer {
  public:
    PrometheusRenderer();
    ~PrometheusRenderer();
    PrometheusRenderer(const PrometheusRenderer&) = delete;
    PrometheusRenderer& operator=(const PrometheusRenderer&) = delete;

    std::string render(const core::Snapshot& snapshot, const AgentFacts& facts, Format format = Format::text);

    static constexpr std::string_view content_type(Format format) {
        return format == Format::text ? "text/plain; version=0.0.4; charset=utf-8"
                                      : "application/openmetrics-text; version=1.0.0; charset=utf-8";
    }

  private:
    class LabelCache;
    std::unique_ptr<LabelCache> labels_;
    SeriesWriter series_;
};

} // namespace recoverd::exporters
