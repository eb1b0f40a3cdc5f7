// SPDX-License-Identifier: Apache-2.0
// The newest snapshot, handed from the loop to whoever reads it. A mutex, since libstdc++ 12's atomic<shared_ptr> is
// not lock-free and TSan finds a race in it.
#pragma once

#include <memory>
#include <mutex>

namespace recoverd::agent {

template <class T>
class Published {
  public:
    void set(std::shared_ptr<const T> value) {
        const std::lock_guard lock{mutex_};
        value_.swap(value);
    }
    std::shared_ptr<const T> get() const {
        const std::lock_guard lock{mutex_};
        return value_;
    }

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<const T> value_ = std::make_shared<const T>();
};

} // namespace recoverd::agent
