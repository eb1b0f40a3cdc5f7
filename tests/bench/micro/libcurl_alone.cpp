// SPDX-License-Identifier: Apache-2.0
// libcurl_alone URL COUNT SECONDS: asks for COUNT pages below URL every SECONDS, each over a new connection, begun on
// the grid that recoverd's checks begin on, and forgets the answers. What an HTTP check costs when all else is for
// nothing: the kernel and libcurl. Prints a line once each page was asked for, then goes on until it is killed.
#include "core/schedule.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <sys/epoll.h>

namespace recoverd::bench {

namespace {

using Clock = std::chrono::steady_clock;

class Asker {
  public:
    Asker() : multi_(::curl_multi_init()), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        ::curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Asker::watch);
        ::curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
        ::curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Asker::set_timer);
        ::curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    }

    void ask(const std::string& url) {
        CURL* const easy = idle_.empty() ? ::curl_easy_init() : idle_.back();
        if (!idle_.empty())
            idle_.pop_back();
        ::curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
        ::curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        ::curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
        ::curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
        ::curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 4'500L);
        ::curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Asker::forget);
        ::curl_multi_add_handle(multi_, easy);
        act(CURL_SOCKET_TIMEOUT, 0);
    }

    /// What happens to connections until `then`.
    void wait(Clock::time_point then) {
        for (;;) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(std::min(then, timer_) - Clock::now());
            std::array<epoll_event, 64> events{};
            const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                           static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
            for (int i = 0; i < count; ++i) {
                const auto& event = events[static_cast<std::size_t>(i)];
                act(event.data.fd, ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                                       ((event.events & ~std::uint32_t{EPOLLOUT}) != 0 ? CURL_CSELECT_IN : 0));
            }
            if (timer_ <= Clock::now()) {
                timer_ = Clock::time_point::max();
                act(CURL_SOCKET_TIMEOUT, 0);
            }
            take_back();
            if (then <= Clock::now())
                return;
        }
    }

    /// How many were answered with a status below 400.
    std::size_t answered() const { return answered_; }

  private:
    static int watch(CURL* /*easy*/, curl_socket_t socket, int what, void* self, void* known) {
        auto& asker = *static_cast<Asker*>(self);
        if (what == CURL_POLL_REMOVE)
            return ::epoll_ctl(asker.epoll_, EPOLL_CTL_DEL, socket, nullptr), 0;
        epoll_event event{};
        event.events = ((what & CURL_POLL_IN) != 0 ? std::uint32_t{EPOLLIN} : 0U) |
                       ((what & CURL_POLL_OUT) != 0 ? std::uint32_t{EPOLLOUT} : 0U);
        event.data.fd = socket;
        ::epoll_ctl(asker.epoll_, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
        if (!known)
            ::curl_multi_assign(asker.multi_, socket, self);
        return 0;
    }

    static int set_timer(CURLM* /*multi*/, long milliseconds, void* self) {
        static_cast<Asker*>(self)->timer_ =
            milliseconds < 0 ? Clock::time_point::max() : Clock::now() + std::chrono::milliseconds{milliseconds};
        return 0;
    }

    static std::size_t forget(char* /*data*/, std::size_t size, std::size_t count, void* /*unused*/) {
        return size * count;
    }

    void act(int socket, int events) {
        int running = 0;
        ::curl_multi_socket_action(multi_, socket, events, &running);
    }

    void take_back() {
        int left = 0;
        while (const CURLMsg* message = ::curl_multi_info_read(multi_, &left)) {
            CURL* const easy = message->easy_handle;
            long status = 0;
            ::curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
            answered_ += message->data.result == CURLE_OK && status < 400 ? 1 : 0;
            ::curl_multi_remove_handle(multi_, easy);
            ::curl_easy_reset(easy);
            idle_.push_back(easy);
        }
    }

    CURLM* multi_;
    int epoll_;
    Clock::time_point timer_ = Clock::time_point::max();
    std::vector<CURL*> idle_;
    std::size_t answered_ = 0;
};

std::size_t number(std::string_view text) {
    std::size_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// The pages of each step of the grid, as recoverd would spread its checks: by the hash of their names.
std::vector<std::vector<std::string>> spread(const std::string& url, std::size_t count, std::size_t steps) {
    std::vector<std::vector<std::string>> pages(steps);
    for (std::size_t i = 0; i < count; ++i) {
        const double at = core::stable_fraction(fmt::format("endpoint-{}", i)) * static_cast<double>(steps);
        pages[static_cast<std::size_t>(at)].push_back(fmt::format("{}/{}", url, i));
    }
    return pages;
}

} // namespace

int ask_for_ever(const std::string& url, std::size_t count, std::chrono::seconds every) {
    const auto steps = static_cast<std::size_t>(every / core::Schedule::kGrid);
    if (count == 0 || steps == 0)
        return 2;
    const auto pages = spread(url, count, steps);
    Asker asker;
    auto next = Clock::now();
    for (std::size_t step = 0;; ++step) {
        for (const std::string& page : pages[step % steps])
            asker.ask(page);
        next += core::Schedule::kGrid;
        asker.wait(next);
        if (step + 1 != 2 * steps)
            continue;
        fmt::print("{} pages were answered\n", asker.answered());
        std::fflush(stdout);
    }
}

} // namespace recoverd::bench

int main(int argc, char** argv) {
    if (argc != 4) {
        fmt::print(stderr, "usage: libcurl_alone URL COUNT SECONDS\n");
        return 2;
    }
    ::curl_global_init(CURL_GLOBAL_DEFAULT);
    return recoverd::bench::ask_for_ever(argv[1], recoverd::bench::number(argv[2]),
                                         std::chrono::seconds{recoverd::bench::number(argv[3])});
}
