// SPDX-License-Identifier: Apache-2.0
#include "io/blocking_pool.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>

namespace recoverd::io {

struct BlockingPool::State {
    mutable std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::function<void()>> jobs;
    std::vector<bool> busy;
    bool stopping = false;
};

BlockingPool::BlockingPool(std::size_t threads) : state_(std::make_shared<State>()) {
    state_->busy.assign(std::max<std::size_t>(threads, 1), false);
    for (std::size_t i = 0; i < state_->busy.size(); ++i)
        threads_.emplace_back(serve, state_, i);
}

BlockingPool::~BlockingPool() {
    std::deque<std::function<void()>> dropped;
    std::vector<bool> busy;
    {
        const std::lock_guard lock{state_->mutex};
        state_->stopping = true;
        dropped.swap(state_->jobs);
        busy = state_->busy;
    }
    state_->changed.notify_all();
    for (std::size_t i = 0; i < threads_.size(); ++i)
        if (busy[i])
            threads_[i].detach();
        else
            threads_[i].join();
}

void BlockingPool::post(std::function<void()> job) {
    {
        const std::lock_guard lock{state_->mutex};
        state_->jobs.push_back(std::move(job));
    }
    state_->changed.notify_one();
}

std::size_t BlockingPool::busy() const {
    const std::lock_guard lock{state_->mutex};
    return static_cast<std::size_t>(std::ranges::count(state_->busy, true));
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
        auto job = std::move(state->jobs.front());
        state->jobs.pop_front();
        state->busy[number] = true;
        lock.unlock();
        job();
        job = nullptr;
        lock.lock();
        state->busy[number] = false;
    }
}

} // namespace recoverd::io
