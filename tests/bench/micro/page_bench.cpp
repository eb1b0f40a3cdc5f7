// SPDX-License-Identifier: Apache-2.0
// The status page of 2,000 checks, and what each byte of it costs beside a copy of the same bytes.
#include "exporters/page/details.hpp"
#include "exporters/page/status_page.hpp"
#include "io/gzip.hpp"
#include "tests/bench/micro/fleet.hpp"

#include <benchmark/benchmark.h>

#include <cstring>

namespace recoverd::bench {

namespace {

using namespace core;

struct Shown {
    Fleet fleet{2'000};
    Snapshot snapshot = fleet.round(kBegin + 15s);
};

Shown& shown() {
    static Shown once;
    return once;
}

void status(benchmark::State& state) {
    std::string page;
    for (auto _ : state)
        page = exporters::status_page(shown().snapshot, {});
    state.counters["bytes"] = static_cast<double>(page.size());
    state.counters["sent"] = static_cast<double>(io::gzip(page).size());
}
BENCHMARK(status)->Name("page/recoverd/2000")->Unit(benchmark::kMillisecond);

void status_gzipped(benchmark::State& state) {
    for (auto _ : state)
        benchmark::DoNotOptimize(io::gzip(exporters::status_page(shown().snapshot, {})));
}
BENCHMARK(status_gzipped)->Name("page_gzip/recoverd/2000")->Unit(benchmark::kMillisecond);

void copy(benchmark::State& state) {
    const std::string page = exporters::status_page(shown().snapshot, {});
    std::string copied(page.size(), '\0');
    for (auto _ : state) {
        std::memcpy(copied.data(), page.data(), page.size());
        benchmark::ClobberMemory();
    }
}
BENCHMARK(copy)->Name("page/memcpy/2000")->Unit(benchmark::kMillisecond);

void asset(benchmark::State& state) {
    const std::string name = shown().snapshot.assets[0].asset.name;
    for (auto _ : state)
        benchmark::DoNotOptimize(exporters::page::asset_page(shown().snapshot, {}, name));
}
BENCHMARK(asset)->Name("asset_page/recoverd/2000")->Unit(benchmark::kMillisecond);

} // namespace

} // namespace recoverd::bench
