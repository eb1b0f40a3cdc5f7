// SPDX-License-Identifier: Apache-2.0
// /metrics of 80,000 series, beside prometheus-cpp with the same series and a copy of the same bytes.
#include "exporters/prometheus.hpp"
#include "io/gzip.hpp"
#include "tests/bench/micro/fleet.hpp"

#include <benchmark/benchmark.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <cstring>

namespace recoverd::bench {

namespace {

using namespace core;

/// So many that there are 80,000 series.
constexpr std::size_t kChecks = 5'400;

std::size_t series_in(std::string_view text) {
    std::size_t series = 0;
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
        series += text[at] != '#';
    return series;
}

/// Two rounds of reports, shown in turn, as between two scrapes every check has reported.
class Shown {
  public:
    Shown() : fleet_(kChecks), snapshots_{fleet_.round(kBegin + 15s), fleet_.round(kBegin + 30s)} {}
    std::string render() { return renderer_.render(snapshots_[turn_++ % 2], {}); }

  private:
    Fleet fleet_;
    std::array<Snapshot, 2> snapshots_;
    exporters::PrometheusRenderer renderer_;
    std::size_t turn_ = 0;
};

Shown& shown() {
    static Shown once;
    return once;
}

void count(benchmark::State& state, std::string_view text) {
    state.counters["series"] = static_cast<double>(series_in(text));
    state.counters["bytes"] = static_cast<double>(text.size());
}

void plain(benchmark::State& state) {
    std::string text;
    for (auto _ : state)
        text = shown().render();
    count(state, text);
}
BENCHMARK(plain)->Name("render/recoverd")->Unit(benchmark::kMillisecond);

void gzipped(benchmark::State& state) {
    std::string text;
    for (auto _ : state)
        text = io::gzip(shown().render());
    state.counters["bytes"] = static_cast<double>(text.size());
}
BENCHMARK(gzipped)->Name("render_gzip/recoverd")->Unit(benchmark::kMillisecond);

/// The labels of a line, which hold no escaped characters here.
prometheus::Labels labels_of(std::string_view text) {
    prometheus::Labels labels;
    while (!text.empty()) {
        const auto equals = text.find('=');
        const auto end = text.find('"', equals + 2);
        labels.emplace(text.substr(0, equals), text.substr(equals + 2, end - equals - 2));
        text.remove_prefix(std::min(text.size(), end + 2));
    }
    return labels;
}

/// The same series under the same names, as a program that uses prometheus-cpp would keep them.
void fill(prometheus::Registry& registry, std::string_view text) {
    std::map<std::string, prometheus::Family<prometheus::Gauge>*, std::less<>> families;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() + 1);
        if (line.starts_with('#'))
            continue;
        const auto space = line.rfind(' ');
        const auto brace = std::min(line.find('{'), space);
        const std::string name{line.substr(0, brace)};
        auto& family = families[name];
        if (!family)
            family = &prometheus::BuildGauge().Name(name).Help("As recoverd has it.").Register(registry);
        const auto labels = brace < space ? line.substr(brace + 1, space - brace - 2) : std::string_view{};
        family->Add(labels_of(labels)).Set(std::stod(std::string{line.substr(space + 1)}));
    }
}

std::string serialize(prometheus::Registry& registry) {
    return prometheus::TextSerializer{}.Serialize(registry.Collect());
}

void prometheus_cpp(benchmark::State& state) {
    prometheus::Registry registry;
    fill(registry, shown().render());
    std::string text;
    for (auto _ : state)
        text = serialize(registry);
    count(state, text);
}
BENCHMARK(prometheus_cpp)->Name("render/prometheus-cpp")->Unit(benchmark::kMillisecond);

void prometheus_cpp_gzipped(benchmark::State& state) {
    prometheus::Registry registry;
    fill(registry, shown().render());
    for (auto _ : state)
        benchmark::DoNotOptimize(io::gzip(serialize(registry)));
}
BENCHMARK(prometheus_cpp_gzipped)->Name("render_gzip/prometheus-cpp")->Unit(benchmark::kMillisecond);

void copy(benchmark::State& state) {
    const std::string text = shown().render();
    std::string copied(text.size(), '\0');
    for (auto _ : state) {
        std::memcpy(copied.data(), text.data(), text.size());
        benchmark::ClobberMemory();
    }
}
BENCHMARK(copy)->Name("render/memcpy")->Unit(benchmark::kMillisecond);

} // namespace

} // namespace recoverd::bench
