// SPDX-License-Identifier: Apache-2.0
#include "collectors/collector.hpp"

#include <asio/error.hpp>
#include <asio/system_error.hpp>

#include <fmt/format.h>

namespace recoverd::collectors {

Task<Collected> guarded(std::function<Task<Collected>(Run)> collect, Run run) {
    try {
        co_return co_await collect(std::move(run));
    } catch (const io::BadDocument& bad) {
        co_return core::failed(FailureKind::bad_answer, bad.what());
    } catch (const asio::system_error& error) {
        // Cancellation is neither a failure nor an answer: whoever cancelled is not waiting for one.
        if (error.code() == asio::error::operation_aborted)
            throw;
        co_return core::failed(FailureKind::bad_answer, error.what());
    } catch (const std::exception& error) {
        co_return core::failed(FailureKind::bad_answer, fmt::format("unexpected: {}", error.what()));
    }
}

} // namespace recoverd::collectors
