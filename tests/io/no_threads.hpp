// SPDX-License-Identifier: Apache-2.0
// A process that may start no thread more.
#pragma once

#include <catch2/catch_test_macros.hpp>

#include <cstddef>

#include <pthread.h>

namespace recoverd::test {

/// No thread can be started while it lives (EAGAIN), as at a limit of the user or of the cgroup: each would have a
/// stack for which there is no address space. What runs goes on. One at a time.
class NoThreads {
  public:
    NoThreads() {
        REQUIRE(::pthread_getattr_default_np(&usual_) == 0);
        pthread_attr_t endless{};
        REQUIRE(::pthread_attr_init(&endless) == 0);
        REQUIRE(::pthread_attr_setstacksize(&endless, std::size_t{1} << 62U) == 0);
        REQUIRE(::pthread_setattr_default_np(&endless) == 0);
        ::pthread_attr_destroy(&endless);
    }
    ~NoThreads() {
        ::pthread_setattr_default_np(&usual_);
        ::pthread_attr_destroy(&usual_);
    }
    NoThreads(const NoThreads&) = delete;
    NoThreads& operator=(const NoThreads&) = delete;

  private:
    pthread_attr_t usual_{};
};

} // namespace recoverd::test
