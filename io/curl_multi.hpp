// SPDX-License-Identifier: Apache-2.0
// Drives libcurl's transfers on the loop. What is asked and what comes back is io/http_client.cpp's business.
//
// curl's sockets stand in an epoll set of their own, and the loop waits for that set alone: asio never holds one of
// curl's descriptors, so it can neither close one nor wake for one that has been closed and given to somebody else.
#pragma once

#include "io/task.hpp"

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace recoverd::io {

/// Used by the loop's thread only; must be closed while its loop still exists.
class CurlMulti : public std::enable_shared_from_this<CurlMulti> {
  public:
    explicit CurlMulti(asio::io_context& ioc);
    ~CurlMulti();
    CurlMulti(const CurlMulti&) = delete;
    CurlMulti& operator=(const CurlMulti&) = delete;

    /// Ends every transfer without an answer; nothing can be started after it.
    void close();

  private:
    friend Task<int> perform(std::shared_ptr<CurlMulti> multi, void* easy);
    using Clock = std::chrono::steady_clock;

    /// A transfer, kept in the frame of the coroutine that waits for it.
    struct Transfer {
        void* easy;
        std::size_t index = 0;
        std::move_only_function<void(asio::error_code, int)> complete;
        asio::executor_work_guard<asio::io_context::executor_type> work;
    };
    /// What curl calls.
    struct Callbacks;

    void start(Transfer& transfer);
    void finish(Transfer& transfer, asio::error_code error, int code);
    void cancel(Transfer& transfer);
    void forget(Transfer& transfer);
    void act(int socket, int events);
    void watch(int socket, int what, bool known);
    void settle();
    void arm_timer();
    void arm_sockets();
    void on_timer();
    void on_sockets();

    asio::io_context& ioc_;
    void* multi_;
    asio::posix::stream_descriptor sockets_;
    asio::steady_timer timer_;
    /// When curl wants to be called, and when the timer will wake us: never later, often earlier, since setting a
    /// timer anew for each transfer would cost more than waking once in vain.
    Clock::time_point due_ = Clock::time_point::max();
    Clock::time_point armed_ = Clock::time_point::max();
    std::vector<Transfer*> transfers_;
    /// By descriptor: how often it has been given back. An event of an earlier life is passed over.
    std::vector<std::uint32_t> lives_;
    bool waiting_ = false;
};

/// Runs an easy handle to its end: a CURLcode. When cancelled, the handle is out of the multi before the coroutine goes
/// on. The handle's CURLOPT_PRIVATE is taken.
Task<int> perform(std::shared_ptr<CurlMulti> multi, void* easy);

} // namespace recoverd::io
