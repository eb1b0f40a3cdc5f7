// SPDX-License-Identifier: Apache-2.0
// What one new report costs until a snapshot shows it, beside a copy of that report: nobody could keep it for less.
#include "tests/bench/micro/fleet.hpp"

#include <benchmark/benchmark.h>

namespace recoverd::bench {

namespace {

using namespace core;

void evaluate(benchmark::State& state) {
    Fleet fleet(static_cast<std::size_t>(state.range(0)));
    Time now = kBegin;
    std::size_t check = 0;
    for (auto _ : state) {
        now += 1ms;
        // Far apart in memory, as reports come.
        check = (check + 7'919) % fleet.checks();
        fleet.learn(check, now);
        fleet.engine.advance(now);
        benchmark::DoNotOptimize(fleet.engine.take_changes());
        benchmark::DoNotOptimize(fleet.engine.snapshot(now));
    }
}
BENCHMARK(evaluate)->Name("evaluate/recoverd")->Arg(1'000)->Arg(50'000);

void copy(benchmark::State& state) {
    const Fleet fleet(10);
    std::vector<Report> reports;
    for (std::size_t i = 0; i < fleet.checks(); ++i)
        reports.push_back(fleet.report(i, kBegin));
    std::size_t check = 0;
    for (auto _ : state) {
        check = (check + 1) % reports.size();
        Report copied = reports[check];
        benchmark::DoNotOptimize(copied);
    }
}
BENCHMARK(copy)->Name("evaluate/copy");

} // namespace

} // namespace recoverd::bench
