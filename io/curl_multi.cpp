// SPDX-License-Identifier: Apache-2.0
#include "io/curl_multi.hpp"

#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/system_error.hpp>
#include <asio/use_awaitable.hpp>

#include <curl/curl.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include <sys/epoll.h>

namespace recoverd::io {

namespace {

// Idle connections kept for the next run. More would cost memory for hosts that are asked once a minute.
constexpr long kMostIdle = 256;

int new_epoll_set() {
    const int set = ::epoll_create1(EPOLL_CLOEXEC);
    if (set < 0)
        throw std::system_error(errno, std::generic_category(), "epoll_create1");
    return set;
}

} // namespace

struct CurlMulti::Callbacks {
    static int socket(CURL* /*easy*/, curl_socket_t socket, int what, void* self, void* known) {
        static_cast<CurlMulti*>(self)->watch(socket, what, known != nullptr);
        return 0;
    }

    static int timer(CURLM* /*multi*/, long milliseconds, void* self) {
        auto& due = static_cast<CurlMulti*>(self)->due_;
        due = milliseconds < 0 ? Clock::time_point::max() : Clock::now() + std::chrono::milliseconds{milliseconds};
        return 0;
    }
};

CurlMulti::CurlMulti(asio::io_context& ioc)
    : ioc_(ioc), multi_(::curl_multi_init()), sockets_(ioc, new_epoll_set()), timer_(ioc) {
    if (!multi_)
        throw std::runtime_error("curl_multi_init failed");
    ::curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Callbacks::socket);
    ::curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    ::curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Callbacks::timer);
    ::curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    ::curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kMostIdle);
}

CurlMulti::~CurlMulti() { close(); }

void CurlMulti::close() {
    if (!multi_)
        return;
    while (!transfers_.empty()) {
        Transfer& transfer = *transfers_.back();
        forget(transfer);
        // Destroys the waiting coroutine, as the end of the loop destroys every other one.
        const auto abandoned = std::exchange(transfer.complete, nullptr);
    }
    ::curl_multi_cleanup(multi_);
    multi_ = nullptr;
    timer_.cancel();
    sockets_.cancel();
}

void CurlMulti::start(Transfer& transfer) {
    ::curl_easy_setopt(transfer.easy, CURLOPT_PRIVATE, &transfer);
    if (!multi_ || ::curl_multi_add_handle(multi_, transfer.easy) != CURLM_OK)
        return std::exchange(transfer.complete, nullptr)({}, CURLE_FAILED_INIT);
    transfer.index = transfers_.size();
    transfers_.push_back(&transfer);
    // Connects at once instead of a turn of the loop later.
    act(CURL_SOCKET_TIMEOUT, 0);
    settle();
}

void CurlMulti::forget(Transfer& transfer) {
    ::curl_multi_remove_handle(multi_, transfer.easy);
    transfers_[transfer.index] = transfers_.back();
    transfers_[transfer.index]->index = transfer.index;
    transfers_.pop_back();
}

void CurlMulti::finish(Transfer& transfer, asio::error_code error, int code) {
    forget(transfer);
    auto complete = std::exchange(transfer.complete, nullptr);
    complete(error, code);
}

/// The slot's handler, and all that it captured, is gone once the transfer is finished.
void CurlMulti::cancel(Transfer& transfer) {
    if (!transfer.complete)
        return;
    finish(transfer, asio::error::operation_aborted, 0);
    settle();
}

void CurlMulti::act(int socket, int events) {
    int running = 0;
    ::curl_multi_socket_action(multi_, socket, events, &running);
}

void CurlMulti::settle() {
    int left = 0;
    while (const CURLMsg* message = ::curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE)
            continue;
        const CURLcode code = message->data.result;
        char* owner = nullptr;
        ::curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
        finish(*reinterpret_cast<Transfer*>(owner), {}, code);
    }
    if (transfers_.empty()) {
        // Nothing is under way: the loop may end.
        due_ = Clock::time_point::max();
        armed_ = Clock::time_point::max();
        timer_.cancel();
        sockets_.cancel();
        return;
    }
    arm_timer();
    arm_sockets();
}

void CurlMulti::watch(int socket, int what, bool known) {
    const auto index = static_cast<std::size_t>(socket);
    if (lives_.size() <= index)
        lives_.resize(index + 1);
    if (what == CURL_POLL_REMOVE) {
        ++lives_[index];
        ::epoll_ctl(sockets_.native_handle(), EPOLL_CTL_DEL, socket, nullptr);
        return;
    }
    epoll_event event{};
    if ((what & CURL_POLL_IN) != 0)
        event.events |= EPOLLIN;
    if ((what & CURL_POLL_OUT) != 0)
        event.events |= EPOLLOUT;
    event.data.u64 = std::uint64_t{lives_[index]} << 32U | index;
    ::epoll_ctl(sockets_.native_handle(), known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
    if (!known)
        ::curl_multi_assign(multi_, socket, this);
}

void CurlMulti::arm_sockets() {
    if (waiting_)
        return;
    waiting_ = true;
    sockets_.async_wait(asio::posix::stream_descriptor::wait_read, [weak = weak_from_this()](asio::error_code error) {
        const auto self = weak.lock();
        if (!self || !self->multi_)
            return;
        self->waiting_ = false;
        if (!error)
            self->on_sockets();
        else if (!self->transfers_.empty())
            self->arm_sockets(); // given up when all had ended, and new ones have come since
    });
}

void CurlMulti::on_sockets() {
    std::array<epoll_event, 64> events{};
    const int count = ::epoll_wait(sockets_.native_handle(), events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        const auto index = static_cast<std::size_t>(event.data.u64 & 0xffff'ffffU);
        if (lives_[index] != event.data.u64 >> 32U)
            continue; // closed by what came before it in this very loop
        const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
        act(static_cast<int>(index), ((event.events & EPOLLIN) != 0 || broken ? CURL_CSELECT_IN : 0) |
                                         ((event.events & EPOLLOUT) != 0 || broken ? CURL_CSELECT_OUT : 0));
    }
    settle();
}

void CurlMulti::arm_timer() {
    if (due_ >= armed_)
        return;
    armed_ = due_;
    timer_.expires_at(due_);
    timer_.async_wait([weak = weak_from_this()](asio::error_code error) {
        const auto self = weak.lock();
        if (!error && self && self->multi_)
            self->on_timer();
    });
}

void CurlMulti::on_timer() {
    armed_ = Clock::time_point::max();
    if (due_ <= Clock::now()) {
        due_ = Clock::time_point::max();
        act(CURL_SOCKET_TIMEOUT, 0);
    }
    settle();
}

Task<int> perform(std::shared_ptr<CurlMulti> multi, void* easy) {
    CurlMulti::Transfer transfer{easy, 0, nullptr, asio::make_work_guard(multi->ioc_)};
    const auto initiate = [&](auto handler) {
        auto slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected())
            slot.assign([&](asio::cancellation_type /*type*/) { multi->cancel(transfer); });
        // Posted, so that nobody goes on inside one of curl's calls.
        transfer.complete = [slot, handler = std::move(handler)](asio::error_code error, int code) mutable {
            slot.clear();
            const auto executor = asio::get_associated_executor(handler);
            asio::post(executor, [handler = std::move(handler), error, code]() mutable { handler(error, code); });
        };
        multi->start(transfer);
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(asio::error_code, int)>(
        initiate, asio::use_awaitable);
}

} // namespace recoverd::io
