// SPDX-License-Identifier: Apache-2.0
// The pool behind io/resolve.hpp. The C library's resolver can neither be cancelled nor be given a deadline, so a query
// that hangs holds a thread until the C library gives up; everybody who waits for it leaves when they like.
#include "io/resolve.hpp"

#include "io/service_records.hpp"
#include "io/socket_failure.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/error.hpp>
#include <asio/ip/address.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/system_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <system_error>
#include <thread>

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <sys/socket.h>

namespace recoverd::io {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kThreads = 8;
constexpr std::size_t kMostThreads = 64;
constexpr std::chrono::seconds kKeep{5};
constexpr std::size_t kMostKept = 4'096;
// A name whose query takes longer counts as slow: together, slow names may hold half of the threads, so that a dead
// name server of some zone does not keep the names of all others waiting. What hangs for the first time was not known
// to be slow: other threads do its thread's work meanwhile.
constexpr std::chrono::seconds kSlow{1};
// How often a caller that waits has that looked at: a query is slow by then.
constexpr std::chrono::milliseconds kLookAgain{1'100};

enum class Asked : std::uint8_t { addresses, services };
using Key = std::pair<Asked, std::string>;

struct Answer {
    std::vector<std::string> addresses;
    std::vector<Service> services;
    std::optional<Failure> failure;
};
using AnswerPtr = std::shared_ptr<const Answer>;

Answer fail(std::string detail, FailureKind kind = FailureKind::unreachable) {
    return {{}, {}, Failure{kind, std::move(detail)}};
}

Answer query_addresses(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM; // else every address comes three times
    addrinfo* raw = nullptr;
    errno = 0;
    const int status = ::getaddrinfo(host.c_str(), nullptr, &hints, &raw);
    const int error = status == EAI_MEMORY ? ENOMEM : errno;
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list{raw, &::freeaddrinfo};
    // Whoever cannot open /etc/hosts, nor a socket to a name server, is told that there is no such name. That one name
    // server is of a family which this host lacks may stay in errno though the next one has answered.
    if (status == EAI_SYSTEM || (status != 0 && is_exhausted(error)))
        return fail(fmt::format("cannot resolve '{}': {}", host, std::strerror(error)),
                    is_own_shortage(error) ? FailureKind::misconfigured : FailureKind::unreachable);
    if (status != 0)
        return fail(fmt::format("cannot resolve '{}': {}", host, ::gai_strerror(status)));
    Answer answer;
    for (const addrinfo* entry = list.get(); entry; entry = entry->ai_next) {
        std::array<char, NI_MAXHOST> text{};
        if (::getnameinfo(entry->ai_addr, entry->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0)
            continue;
        if (std::find(answer.addresses.begin(), answer.addresses.end(), text.data()) == answer.addresses.end())
            answer.addresses.emplace_back(text.data());
    }
    if (answer.addresses.empty())
        return fail(fmt::format("'{}' has no address", host));
    return answer;
}

Answer query_services(const std::string& name) {
    struct __res_state state{};
    if (::res_ninit(&state) != 0)
        return fail("cannot read the configuration of the name servers");
    std::vector<unsigned char> reply(NS_MAXMSG);
    const int length =
        ::res_nquery(&state, name.c_str(), ns_c_in, ns_t_srv, reply.data(), static_cast<int>(reply.size()));
    const int why = state.res_h_errno;
    ::res_nclose(&state);
    if (length < 0 && (why == HOST_NOT_FOUND || why == NO_DATA))
        return {};
    if (length < 0)
        return fail(fmt::format("cannot look up the services of '{}': {}", name, ::hstrerror(why)));
    auto services = read_services(std::span(reply).first(std::min(static_cast<std::size_t>(length), reply.size())));
    if (!services)
        return fail(fmt::format("cannot look up the services of '{}': the reply is malformed", name));
    return {{}, std::move(*services), {}};
}

/// Somebody who waits, on a loop of their own. Touched by that loop only.
struct Waiter {
    explicit Waiter(const asio::any_io_executor& executor) : timer(executor) {}
    asio::steady_timer timer;
    AnswerPtr answer;
};

class Pool {
  public:
    AnswerPtr known(const Key& key) {
        const std::lock_guard lock(mutex_);
        const auto found = kept_.find(key);
        return found != kept_.end() && found->second.until > Clock::now() ? found->second.answer : nullptr;
    }

    void join(const Key& key, std::shared_ptr<Waiter> waiter) {
        const std::lock_guard lock(mutex_);
        auto& waiters = waiting_[key];
        waiters.push_back(std::move(waiter));
        if (waiters.size() > 1 || running_.contains(key))
            return;
        queue_.push_back(key);
        man();
    }

    /// Somebody still waits, maybe for a thread that hangs.
    void look_again() {
        const std::lock_guard lock(mutex_);
        if (next() != queue_.end())
            man();
    }

    /// Did nobody get to ask for it yet, for want of a thread, though it is not known to be slow?
    bool is_held_up(const Key& key) {
        const std::lock_guard lock(mutex_);
        return idle_ == 0 && !slow_.contains(key) && std::find(queue_.begin(), queue_.end(), key) != queue_.end();
    }

    /// Once it returns, nothing will be posted to that waiter's loop any more.
    void leave(const Key& key, const Waiter* waiter) {
        const std::lock_guard lock(mutex_);
        const auto found = waiting_.find(key);
        if (found == waiting_.end())
            return;
        std::erase_if(found->second, [&](const auto& other) { return other.get() == waiter; });
        if (!found->second.empty())
            return;
        waiting_.erase(found);
        std::erase(queue_, key);
    }

  private:
    struct Kept {
        AnswerPtr answer;
        Clock::time_point until;
    };

    /// What hangs is slow, and its thread does no other name's work. How many do.
    std::size_t note_hanging() {
        const auto now = Clock::now();
        std::size_t hanging = 0;
        for (const auto& [key, began] : running_)
            if (now - began > kSlow) {
                slow_.insert(key);
                ++hanging;
            }
        return hanging;
    }

    /// Somebody for what waits.
    void man() {
        // Of many names that hang at once those behind them would wait long for one thread each.
        const std::size_t most = std::min(kThreads + 2 * note_hanging(), kMostThreads);
        // An idle thread that was woken for an earlier name still counts as idle until it runs.
        if (queue_.size() <= idle_ || threads_ >= most)
            return wake_.notify_one();
        try {
            // Detached: at the end of the process nobody may wait for a query that hangs.
            std::thread(&Pool::work, this).detach();
            ++threads_;
        } catch (const std::system_error&) {
            // No more threads on this machine: whoever waits has it tried again.
            wake_.notify_one();
        }
    }

    std::deque<Key>::iterator next() {
        return std::find_if(queue_.begin(), queue_.end(),
                            [this](const Key& key) { return !slow_.contains(key) || slow_running_ < kThreads / 2; });
    }

    void work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            auto found = next();
            while (found == queue_.end()) {
                if (idle_ >= kThreads) {
                    --threads_;
                    return;
                }
                ++idle_;
                wake_.wait(lock);
                --idle_;
                found = next();
            }
            const Key key = *found;
            queue_.erase(found);
            ask(key, lock);
        }
    }

    void ask(const Key& key, std::unique_lock<std::mutex>& lock) {
        const auto began = Clock::now();
        running_.emplace(key, began);
        const bool was_slow = slow_.contains(key);
        slow_running_ += was_slow ? 1 : 0;
        lock.unlock();
        auto answer = std::make_shared<const Answer>(key.first == Asked::addresses ? query_addresses(key.second)
                                                                                   : query_services(key.second));
        const auto ended = Clock::now();
        lock.lock();
        slow_running_ -= was_slow ? 1 : 0;
        running_.erase(key);
        if (ended - began > kSlow)
            slow_.insert(key);
        else
            slow_.erase(key);
        if (!answer->failure)
            keep(key, answer, ended);
        if (auto waiters = waiting_.extract(key))
            for (auto& waiter : waiters.mapped())
                tell(std::move(waiter), answer);
        if (was_slow)
            wake_.notify_one(); // one of the slow ones may have been held back
    }

    void keep(const Key& key, const AnswerPtr& answer, Clock::time_point now) {
        if (kept_.size() >= kMostKept)
            std::erase_if(kept_, [now](const auto& entry) { return entry.second.until <= now; });
        if (kept_.size() < kMostKept)
            kept_.insert_or_assign(key, Kept{answer, now + kKeep});
    }

    /// Under the lock, so that `leave` (and with it the end of the waiter's loop) comes either before or after.
    static void tell(std::shared_ptr<Waiter> waiter, const AnswerPtr& answer) {
        const auto executor = waiter->timer.get_executor();
        asio::post(executor, [waiter = std::move(waiter), answer] {
            waiter->answer = answer;
            waiter->timer.expires_at(asio::steady_timer::time_point::min());
        });
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    std::map<Key, std::vector<std::shared_ptr<Waiter>>> waiting_;
    /// Since when.
    std::map<Key, Clock::time_point> running_;
    std::set<Key> slow_;
    std::deque<Key> queue_;
    std::map<Key, Kept> kept_;
    std::size_t threads_ = 0;
    std::size_t idle_ = 0;
    std::size_t slow_running_ = 0;
};

Pool& pool() {
    static Pool& only = *new Pool; // outlives its threads, which end with the process
    return only;
}

/// A place in the queue for a name, left when the wait ends in whatever way.
class Seat {
  public:
    Seat(Key key, const asio::any_io_executor& executor)
        : key_(std::move(key)), waiter_(std::make_shared<Waiter>(executor)) {
        pool().join(key_, waiter_);
    }
    ~Seat() { pool().leave(key_, waiter_.get()); }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;

    Waiter& waiter() { return *waiter_; }

  private:
    Key key_;
    std::shared_ptr<Waiter> waiter_;
};

Task<Result<AnswerPtr>> look_up(Key key, core::Duration timeout) {
    auto answer = pool().known(key);
    if (!answer) {
        const auto executor = co_await asio::this_coro::executor;
        Seat seat(key, executor);
        Waiter& waiter = seat.waiter();
        const auto until = Clock::now() + timeout;
        do {
            waiter.timer.expires_at(std::min(until, Clock::now() + kLookAgain));
            asio::error_code woken;
            co_await waiter.timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
            const auto state = co_await asio::this_coro::cancellation_state;
            if (state.cancelled() != asio::cancellation_type::none)
                throw asio::system_error(asio::error::operation_aborted);
            pool().look_again();
        } while (!waiter.answer && Clock::now() < until);
        answer = waiter.answer;
        if (!answer && pool().is_held_up(key))
            co_return core::failed(FailureKind::misconfigured,
                                   fmt::format("cannot resolve '{}': no thread was free to ask within {} ms",
                                               key.second, timeout.count()));
    }
    if (!answer)
        co_return core::failed(FailureKind::timed_out,
                               fmt::format("cannot resolve '{}': no answer within {} ms", key.second, timeout.count()));
    if (answer->failure)
        co_return std::unexpected(*answer->failure);
    co_return answer;
}

/// A name the C library can be asked for without meaning something else than what was written.
bool is_name(std::string_view name) {
    constexpr std::size_t kLongest = 254; // RFC 1035's 253, and a final dot
    return !name.empty() && name.size() <= kLongest &&
           std::none_of(name.begin(), name.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f || c == '/'; });
}

} // namespace

Task<Result<std::vector<std::string>>> resolve(std::string host, core::Duration timeout) {
    asio::error_code not_numeric;
    asio::ip::make_address(host, not_numeric);
    if (!not_numeric)
        co_return std::vector{host};
    if (!is_name(host))
        co_return core::failed(FailureKind::unreachable, fmt::format("expected a host name, found '{}'", host));
    Key key{Asked::addresses, std::move(host)};
    auto answer = co_await look_up(std::move(key), timeout);
    if (!answer)
        co_return std::unexpected(std::move(answer.error()));
    co_return (*answer)->addresses;
}

Task<Result<std::vector<Service>>> resolve_services(std::string name, core::Duration timeout) {
    if (!is_name(name))
        co_return core::failed(FailureKind::unreachable, fmt::format("expected a service name, found '{}'", name));
    Key key{Asked::services, std::move(name)};
    auto answer = co_await look_up(std::move(key), timeout);
    if (!answer)
        co_return std::unexpected(std::move(answer.error()));
    co_return (*answer)->services;
}

} // namespace recoverd::io
