// SPDX-License-Identifier: Apache-2.0
#include "agent/observe.hpp"
#include "exporters/prometheus.hpp"
#include "io/real_timers.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <thread>

using namespace recoverd;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string metrics_text(const exporters::OwnMetrics& own) {
    exporters::PrometheusRenderer renderer;
    exporters::AgentFacts facts;
    facts.own = &own;
    return renderer.render(core::Snapshot{}, facts, exporters::Format::text);
}

} // namespace

TEST_CASE("what blocks the loop for a moment shows in the histogram of its lag") {
    asio::io_context loop;
    io::RealTimers timers;
    exporters::OwnMetrics metrics;
    agent::observe_lag(timers, metrics);
    asio::co_spawn(loop, timers.rest(20ms), asio::detached);
    asio::post(loop, [] { std::this_thread::sleep_for(700ms); });
    loop.run();
    const std::string text = metrics_text(metrics);
    CHECK_THAT(text, ContainsSubstring("recoverd_loop_lag_seconds_bucket{le=\"0.5\"} 0\n"));
    CHECK_THAT(text, ContainsSubstring("recoverd_loop_lag_seconds_count 1\n"));
}

TEST_CASE("a wait that was cancelled says nothing of the loop's lag") {
    asio::io_context loop;
    io::RealTimers timers;
    exporters::OwnMetrics metrics;
    agent::observe_lag(timers, metrics);
    asio::cancellation_signal cancel;
    asio::co_spawn(loop, timers.rest(1h),
                   asio::bind_cancellation_slot(cancel.slot(), [](const std::exception_ptr&, bool) {}));
    asio::post(loop, [&] { cancel.emit(asio::cancellation_type::terminal); });
    loop.run();
    CHECK_THAT(metrics_text(metrics), ContainsSubstring("recoverd_loop_lag_seconds_count 0\n"));
}
