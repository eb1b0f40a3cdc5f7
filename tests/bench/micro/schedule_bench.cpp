// SPDX-License-Identifier: Apache-2.0
// Taking the next check that is due and giving it back, beside the barest queue that could do it.
#include "core/schedule.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <queue>
#include <set>

namespace recoverd::bench {

namespace {

constexpr core::Duration kEvery = std::chrono::seconds{15};

core::Duration first_due(std::int64_t i, std::int64_t of) { return kEvery * i / of; }

void schedule(benchmark::State& state) {
    core::Schedule schedule;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
        core::Check check;
        check.name = fmt::format("orders-{:05}-page", i);
        check.every = kEvery;
        schedule.add(check, core::Duration{0}, core::Time{});
    }
    for (auto _ : state) {
        const core::Duration now = *schedule.next();
        schedule.finished(schedule.take(now)->name, true, now);
    }
}
BENCHMARK(schedule)->Name("schedule/recoverd")->Arg(1'000)->Arg(50'000);

using Entry = std::pair<core::Duration, std::int64_t>;

void set(benchmark::State& state) {
    std::set<Entry> queue;
    for (std::int64_t i = 0; i < state.range(0); ++i)
        queue.emplace(first_due(i, state.range(0)), i);
    for (auto _ : state) {
        const auto [due, id] = *queue.begin();
        queue.erase(queue.begin());
        queue.emplace(due + kEvery, id);
    }
}
BENCHMARK(set)->Name("schedule/std::set")->Arg(1'000)->Arg(50'000);

void priority_queue(benchmark::State& state) {
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    for (std::int64_t i = 0; i < state.range(0); ++i)
        queue.emplace(first_due(i, state.range(0)), i);
    for (auto _ : state) {
        const auto [due, id] = queue.top();
        queue.pop();
        queue.emplace(due + kEvery, id);
    }
}
BENCHMARK(priority_queue)->Name("schedule/std::priority_queue")->Arg(1'000)->Arg(50'000);

} // namespace

} // namespace recoverd::bench
