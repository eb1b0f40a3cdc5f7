// SPDX-License-Identifier: Apache-2.0
// hot_paths NAME: does what is hot a fixed number of times, for callgrind to count (tests/bench/instructions). Prints
// how many pieces that were; what went before is not counted.
#include "core/schedule.hpp"
#include "exporters/prometheus.hpp"
#include "tests/bench/micro/fleet.hpp"

#include <fmt/format.h>
#include <valgrind/callgrind.h>

#include <algorithm>
#include <cstdio>
#include <string_view>

namespace recoverd::bench {

namespace {

using namespace core;

struct Counted {
    Counted() { CALLGRIND_START_INSTRUMENTATION; }
    ~Counted() { CALLGRIND_STOP_INSTRUMENTATION; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
};

template <std::size_t kChecks>
std::size_t schedule() {
    constexpr std::size_t kTaken = 20'000;
    Schedule schedule;
    for (std::size_t i = 0; i < kChecks; ++i) {
        Check check;
        check.name = fmt::format("orders-{:05}-page", i);
        check.every = 15s;
        schedule.add(check, Duration{0}, Time{});
    }
    const Counted counted;
    for (std::size_t i = 0; i < kTaken; ++i) {
        const Duration now = *schedule.next();
        schedule.finished(schedule.take(now)->name, true, now);
    }
    return kTaken;
}

template <std::size_t kChecks>
std::size_t evaluate() {
    constexpr std::size_t kReports = 500;
    Fleet fleet(kChecks);
    Time now = kBegin;
    std::size_t check = 0;
    const Counted counted;
    for (std::size_t i = 0; i < kReports; ++i) {
        now += 1ms;
        check = (check + 7'919) % fleet.checks();
        fleet.learn(check, now);
        fleet.engine.advance(now);
        fleet.engine.take_changes();
        fleet.engine.snapshot(now);
    }
    return kReports;
}

std::size_t render() {
    Fleet fleet(1'000);
    exporters::PrometheusRenderer renderer;
    renderer.render(fleet.round(kBegin + 15s), {});
    const Snapshot later = fleet.round(kBegin + 30s);
    std::string text;
    {
        const Counted counted;
        text = renderer.render(later, {});
    }
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

struct Path {
    std::string_view name;
    std::size_t (*walk)();
};
constexpr Path kPaths[] = {
    {"schedule_1000", schedule<1'000>},
    {"schedule_50000", schedule<50'000>},
    {"evaluate_1000", evaluate<1'000>},
    {"evaluate_50000", evaluate<50'000>},
    {"render", render},
};

} // namespace

} // namespace recoverd::bench

int main(int argc, char** argv) {
    const std::string_view wanted = argc == 2 ? argv[1] : "";
    const auto path = std::ranges::find(recoverd::bench::kPaths, wanted, &recoverd::bench::Path::name);
    if (path == std::end(recoverd::bench::kPaths)) {
        for (const auto& known : recoverd::bench::kPaths)
            fmt::print("{}\n", known.name);
        return wanted.empty() ? 0 : 2;
    }
    fmt::print("{}\n", path->walk());
    return 0;
}
