// SPDX-License-Identifier: Apache-2.0
// The template half of fake_world.hpp.
#pragma once

#include <asio/co_spawn.hpp>

#include <exception>
#include <optional>
#include <stdexcept>

namespace recoverd::test {

template <class T>
T run(asio::io_context& ioc, FakeTimers& timers, Task<T> task) {
    std::optional<T> result;
    std::exception_ptr thrown;
    bool ended = false;
    asio::co_spawn(ioc, std::move(task), [&](std::exception_ptr error, T value) {
        thrown = error;
        result = std::move(value);
        ended = true;
    });
    for (int i = 0; !ended && i < 1'000'000; ++i) {
        ioc.restart();
        ioc.poll();
        if (!ended) {
            const auto left = timers.next_in();
            if (!left)
                throw std::runtime_error("the task waits for nothing that could ever come");
            timers.advance(*left);
        }
    }
    if (!ended)
        throw std::runtime_error("the task does not end");
    if (thrown)
        std::rethrow_exception(thrown);
    return std::move(*result);
}

} // namespace recoverd::test
