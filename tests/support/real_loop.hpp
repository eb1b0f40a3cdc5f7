// SPDX-License-Identifier: Apache-2.0
// A loop with real clocks and threads, for what a fake world cannot show: descriptors, children, sockets.
#pragma once

#include "io/blocking_pool.hpp"
#include "io/real_timers.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>

namespace recoverd::test {

/// How a task ended on a real loop.
template <class T>
struct Ended {
    std::optional<T> value;
    std::exception_ptr thrown;
    core::Duration took{0};
};

struct RealLoop {
    asio::io_context ioc;
    io::RealTimers timers;
    io::BlockingPool pool{2};

    /// Runs `task` to its end; cancels it after `cancel_after`.
    template <class T>
    Ended<T> run_until_end(io::Task<T> task, std::optional<core::Duration> cancel_after = std::nullopt) {
        Ended<T> ended;
        bool over = false;
        asio::cancellation_signal cancel;
        asio::steady_timer alarm{ioc};
        const auto began = std::chrono::steady_clock::now();
        asio::co_spawn(ioc, std::move(task),
                       asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr thrown, T value) {
                           ended.thrown = thrown;
                           if (!thrown)
                               ended.value = std::move(value);
                           over = true;
                           alarm.cancel();
                       }));
        if (cancel_after) {
            alarm.expires_after(*cancel_after);
            alarm.async_wait([&](asio::error_code error) {
                if (!error)
                    cancel.emit(asio::cancellation_type::terminal);
            });
        }
        const auto give_up = began + std::chrono::seconds{60};
        ioc.restart();
        while (!over && std::chrono::steady_clock::now() < give_up)
            ioc.run_one_for(std::chrono::seconds{1});
        if (!over)
            throw std::runtime_error("the task did not end within a minute");
        ended.took = std::chrono::duration_cast<core::Duration>(std::chrono::steady_clock::now() - began);
        return ended;
    }

    template <class T>
    T run(io::Task<T> task) {
        auto ended = run_until_end(std::move(task));
        if (ended.thrown)
            std::rethrow_exception(ended.thrown);
        return std::move(*ended.value);
    }
};

} // namespace recoverd::test
