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

/// An engine over one check, and what a report of it sets off in the agent.
class Alone {
  public:
    Alone(Check check, Scenario scenario) : every_(check.every), name_(check.name) {
        auto config = std::make_shared<Config>();
        config->classes["gold"] = {};
        check.fingerprint = check.name;
        check.timeout = 2s;
        config->checks = {std::make_shared<Check>(std::move(check))};
        config->scenarios = {std::move(scenario)};
        engine_.configure(std::move(config), now_);
    }

    /// Each of its subjects, which begin with `prefix`, is what `see` says of it now.
    void look(std::string_view prefix, std::size_t subjects, auto see) {
        Seen seen;
        for (std::size_t i = 0; i < subjects; ++i)
            seen.subjects.push_back({fmt::format("{}{:05}", prefix, i), {}, {see(now_)}, {}});
        engine_.learn(name_, {now_, 10ms, std::move(seen)}, now_);
        engine_.advance(now_);
        engine_.take_changes();
        engine_.snapshot(now_);
        now_ += every_;
    }

  private:
    Duration every_;
    std::string name_;
    Time now_ = kBegin;
    Engine engine_{now_};
};

/// One check sees that all of its subjects are down, and then that all are up again, each an outage of its own.
template <std::size_t kSubjects>
std::size_t outage() {
    constexpr int kLooks = 4;
    Check check;
    check.name = "workloads";
    check.collector = "kubernetes";
    check.brings = {EvidenceKind::reachability};
    check.every = 5s;
    Alone alone(std::move(check), {.name = "pod", .rto = 30s, .by = "subject", .at_least = {Quorum::Kind::count, 1}});
    const auto look = [&](ReachState state) {
        alone.look("shop/", kSubjects, [&](Time) { return Reachability{.target = "cluster", .state = state}; });
    };
    look(ReachState::up);
    const Counted counted;
    for (const ReachState state : {ReachState::down, ReachState::up})
        for (int i = 0; i < kLooks; ++i)
            look(state);
    return 2 * kLooks * kSubjects;
}

/// One check after the other finds its endpoint down, in a scenario that is about all of them.
template <std::size_t kChecks>
std::size_t region() {
    auto config = std::make_shared<Config>();
    for (std::size_t i = 0; i < kChecks; ++i) {
        Check check;
        check.name = check.fingerprint = fmt::format("page-{:05}", i);
        check.collector = "http";
        check.brings = {EvidenceKind::reachability};
        check.failures = 1;
        config->checks.push_back(std::make_shared<Check>(std::move(check)));
    }
    config->scenarios = {{.name = "region", .at_least = {Quorum::Kind::count, 1}}};
    Engine engine{kBegin};
    engine.configure(config, kBegin);
    Time now = kBegin;
    const auto learn = [&](const Check& check, ReachState state) {
        Seen seen;
        seen.subjects.push_back({"", {}, {Reachability{.target = check.name, .state = state}}, {}});
        engine.learn(check.name, {now += 10ms, 1ms, std::move(seen)}, now);
        engine.advance(now);
        engine.take_changes();
        engine.snapshot(now);
    };
    for (const auto& check : config->checks)
        learn(*check, ReachState::up);
    const Counted counted;
    for (const auto& check : config->checks)
        learn(*check, ReachState::down);
    return kChecks;
}

/// One check whose subjects are assets of their own, which must be recoverable from a scenario; all are seen again.
template <std::size_t kAssets>
std::size_t discovered() {
    constexpr int kLooks = 4;
    Check check;
    check.name = "dumps";
    check.collector = "files";
    check.asset = "{subject}";
    check.discover = true;
    check.discover_class = "gold";
    check.brings = {EvidenceKind::recovery_points};
    check.every = 1min;
    Alone alone(std::move(check), {.name = "ransomware", .recovers = {"*"}});
    const auto look = [&] {
        alone.look("shop-", kAssets, [](Time now) {
            return RecoveryPoints{.method = "files", .points = {{.id = "1", .data_at = now, .ended_at = now}}};
        });
    };
    look();
    const Counted counted;
    for (int i = 0; i < kLooks; ++i)
        look();
    return kLooks * kAssets;
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
    {"outage_250", outage<250>},
    {"outage_2000", outage<2'000>},
    {"region_250", region<250>},
    {"region_2000", region<2'000>},
    {"discovered_250", discovered<250>},
    {"discovered_2000", discovered<2'000>},
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
