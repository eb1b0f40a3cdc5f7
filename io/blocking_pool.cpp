// SPDX-License-Identifier: Apache-2.0
#include "io/blocking_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <system_error>
#include <thread>
#include <vector>

namespace recoverd::io {

namespace {

using Clock = std::chrono::steady_clock;
/// What nobody waits for any more and has run for longer hangs. A caller may also leave for reasons of its own.
constexpr std::chrono::seconds kSlow{1};

} // namespace

struct BlockingPool::Job {
    std::function<void()> call;
    std::string about;
    /// Of the thread that runs it.
    std::optional<std::size_t> thread;
    Clock::time_point began;
    /// Nobody waits for it any more.
    bool left = false;
    /// Another thread has the place of the one that runs it.
    bool lost = false;
};

struct BlockingPool::State {
    mutable std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::shared_ptr<Job>> jobs;
    std::vector<std::thread> threads;
    std::vector<bool> busy;
    std::size_t most_lost = 0;
    std::size_t lost = 0;
    /// Threads that hang and were not replaced.
    std::size_t stuck = 0;
    /// When each that runs and nobody waits for began, by what it is about.
    std::multimap<std::string, Clock::time_point> left;
    bool stopping = false;

    void leave(Job& job) {
        job.left = true;
        left.emplace(job.about, job.began);
        ++stuck;
    }
    void ended(const Job& job) {
        if (!job.left)
            return;
        --(job.lost ? lost : stuck);
        const auto [first, end] = left.equal_range(job.about);
        left.erase(std::find(first, end, std::pair<const std::string, Clock::time_point>{job.about, job.began}));
    }
    void replaced(Job& job, std::thread by) {
        threads[*job.thread].detach();
        threads[*job.thread] = std::move(by);
        busy[*job.thread] = false;
        job.lost = true;
        ++lost;
        --stuck;
    }
};

BlockingPool::BlockingPool(std::size_t threads, std::size_t most_lost) : state_(std::make_shared<State>()) {
    state_->most_lost = most_lost;
    const std::lock_guard lock{state_->mutex};
    state_->busy.assign(std::max<std::size_t>(threads, 1), false);
    for (std::size_t i = 0; i < state_->busy.size(); ++i)
        state_->threads.emplace_back(serve, state_, i);
}

BlockingPool::~BlockingPool() {
    std::deque<std::shared_ptr<Job>> dropped;
    std::vector<std::thread> threads;
    std::vector<bool> busy;
    {
        const std::lock_guard lock{state_->mutex};
        state_->stopping = true;
        dropped.swap(state_->jobs);
        threads.swap(state_->threads);
        busy = state_->busy;
    }
    state_->changed.notify_all();
    for (std::size_t i = 0; i < threads.size(); ++i)
        if (busy[i])
            threads[i].detach();
        else
            threads[i].join();
}

BlockingPool::Place BlockingPool::post(std::function<void()> job, std::string about) {
    Place place;
    place.state_ = state_;
    place.job_ = std::make_shared<Job>();
    place.job_->call = std::move(job);
    place.job_->about = std::move(about);
    {
        const std::lock_guard lock{state_->mutex};
        state_->jobs.push_back(place.job_);
    }
    state_->changed.notify_one();
    return place;
}

void BlockingPool::Place::leave() noexcept {
    if (!state_)
        return;
    const std::lock_guard lock{state_->mutex};
    if (!job_->thread || job_->left || state_->stopping)
        return;
    state_->leave(*job_);
    if (state_->lost >= state_->most_lost)
        return;
    try {
        state_->replaced(*job_, std::thread{serve, state_, *job_->thread});
    } catch (const std::system_error&) {
        // No more threads on this machine: it keeps its place until it returns.
        return;
    }
}

std::optional<std::string> BlockingPool::refusal(const std::string& about) const {
    const std::lock_guard lock{state_->mutex};
    const auto hangs = [now = Clock::now()](const auto& call) { return now - call.second > kSlow; };
    const auto [first, end] = state_->left.equal_range(about);
    if (std::any_of(first, end, hangs))
        return fmt::format("expected an answer about {}, found an earlier call hanging", about);
    if (state_->stuck == state_->busy.size() && std::ranges::all_of(state_->left, hangs))
        return fmt::format("expected an answer about {}, found {} other calls hanging", about,
                           state_->stuck + state_->lost);
    return std::nullopt;
}

std::size_t BlockingPool::busy() const {
    const std::lock_guard lock{state_->mutex};
    return static_cast<std::size_t>(std::ranges::count(state_->busy, true)) + state_->lost;
}

std::size_t BlockingPool::queued() const {
    const std::lock_guard lock{state_->mutex};
    return state_->jobs.size();
}

void BlockingPool::serve(std::shared_ptr<State> state, std::size_t number) {
    std::unique_lock lock{state->mutex};
    while (true) {
        state->changed.wait(lock, [&] { return state->stopping || !state->jobs.empty(); });
        if (state->stopping)
            return;
        const auto job = std::move(state->jobs.front());
        state->jobs.pop_front();
        job->thread = number;
        job->began = Clock::now();
        state->busy[number] = true;
        lock.unlock();
        job->call();
        job->call = nullptr;
        lock.lock();
        job->thread.reset();
        state->ended(*job);
        if (job->lost)
            return;
        state->busy[number] = false;
    }
}

} // namespace recoverd::io
