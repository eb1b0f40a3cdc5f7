// SPDX-License-Identifier: Apache-2.0
// prometheus-cpp counts; its own serializer is not used, so that both formats and the table of names hold here too.
#include "exporters/own_metrics.hpp"

#include "exporters/prometheus/writer.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <charconv>
#include <cmath>
#include <map>
#include <mutex>

namespace recoverd::exporters {

namespace {

// From "nothing to see" to "a check of every 15 s lost its turn".
const prometheus::Histogram::BucketBoundaries kLagBuckets{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60};

std::string name_of(MetricId id) { return std::string{metric(id).name}; }
std::string help_of(MetricId id) { return std::string{metric(id).help}; }

std::string boundary(double upper) {
    if (std::isinf(upper))
        return "+Inf";
    char digits[32];
    std::string text(std::begin(digits), std::to_chars(std::begin(digits), std::end(digits), upper).ptr);
    // OpenMetrics wants floats here: 1.0, not 1.
    return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string label_text(const std::vector<prometheus::ClientMetric::Label>& labels) {
    LabelText text;
    for (const auto& label : labels)
        text.add(label.name, label.value);
    return text.text();
}

void write_histogram(SeriesWriter& out, MetricId id, const prometheus::ClientMetric::Histogram& histogram) {
    for (const auto& bucket : histogram.bucket)
        out.add_part(id, "_bucket", LabelText{}.add("le", boundary(bucket.upper_bound)).text(),
                     static_cast<double>(bucket.cumulative_count));
    out.add_part(id, "_sum", {}, histogram.sample_sum);
    out.add_part(id, "_count", {}, static_cast<double>(histogram.sample_count));
}

} // namespace

struct OwnMetrics::Registry {
    prometheus::Registry registry;
    prometheus::Histogram& scheduler_lag = histogram(MetricId::scheduler_lag);
    prometheus::Histogram& loop_lag = histogram(MetricId::loop_lag);
    prometheus::Counter& store_errors = counters(MetricId::store_errors).Add({});
    prometheus::Family<prometheus::Counter>& sends = counters(MetricId::sends);
    prometheus::Family<prometheus::Gauge>& last_success = prometheus::BuildGauge()
                                                              .Name(name_of(MetricId::push_last_success))
                                                              .Help(help_of(MetricId::push_last_success))
                                                              .Register(registry);
    // prometheus-cpp removes a series by its pointer only, so they are kept here by URL.
    std::mutex mutex;
    std::map<std::string, std::map<std::string, prometheus::Counter*, std::less<>>, std::less<>> sends_of;
    std::map<std::string, prometheus::Gauge*, std::less<>> success_of;

    prometheus::Histogram& histogram(MetricId id) {
        return prometheus::BuildHistogram().Name(name_of(id)).Help(help_of(id)).Register(registry).Add({}, kLagBuckets);
    }
    prometheus::Family<prometheus::Counter>& counters(MetricId id) {
        return prometheus::BuildCounter().Name(name_of(id)).Help(help_of(id)).Register(registry);
    }
};

OwnMetrics::OwnMetrics() : registry_(std::make_unique<Registry>()) {}
OwnMetrics::~OwnMetrics() = default;

void OwnMetrics::observe_scheduler_lag(core::Duration lag) {
    registry_->scheduler_lag.Observe(core::to_seconds(std::max(lag, core::Duration{0})));
}

void OwnMetrics::observe_loop_lag(core::Duration lag) {
    registry_->loop_lag.Observe(core::to_seconds(std::max(lag, core::Duration{0})));
}

void OwnMetrics::count_send(std::string_view url, std::string_view outcome) {
    const std::scoped_lock lock(registry_->mutex);
    auto& counter = registry_->sends_of[std::string{url}][std::string{outcome}];
    if (counter == nullptr)
        counter = &registry_->sends.Add({{"url", std::string{url}}, {"outcome", std::string{outcome}}});
    counter->Increment();
}

void OwnMetrics::push_succeeded(std::string_view url, core::Time at) {
    const std::scoped_lock lock(registry_->mutex);
    auto& gauge = registry_->success_of[std::string{url}];
    if (gauge == nullptr)
        gauge = &registry_->last_success.Add({{"url", std::string{url}}});
    gauge->Set(core::to_unix_seconds(at));
}

void OwnMetrics::forget_alertmanager(std::string_view url) {
    const std::scoped_lock lock(registry_->mutex);
    if (const auto found = registry_->sends_of.find(url); found != registry_->sends_of.end()) {
        for (const auto& [outcome, counter] : found->second)
            registry_->sends.Remove(counter);
        registry_->sends_of.erase(found);
    }
    if (const auto found = registry_->success_of.find(url); found != registry_->success_of.end()) {
        registry_->last_success.Remove(found->second);
        registry_->success_of.erase(found);
    }
}

void OwnMetrics::count_store_error() { registry_->store_errors.Increment(); }

void OwnMetrics::write(SeriesWriter& out) const {
    for (const auto& family : registry_->registry.Collect())
        for (const Metric& known : metrics()) {
            if (known.name != family.name)
                continue;
            for (const auto& series : family.metric) {
                if (known.type == MetricType::histogram)
                    write_histogram(out, known.id, series.histogram);
                else if (known.type == MetricType::counter)
                    out.add(known.id, label_text(series.label), static_cast<std::uint64_t>(series.counter.value));
                else
                    out.add(known.id, label_text(series.label), core::from_seconds(series.gauge.value));
            }
        }
}

} // namespace recoverd::exporters
