// SPDX-License-Identifier: Apache-2.0
// A process that may open nothing more.
#pragma once

#include <catch2/catch_test_macros.hpp>

#include <sys/resource.h>
#include <unistd.h>

namespace recoverd::test {

/// A soft limit of descriptors for as long as it lives.
class DescriptorLimit {
  public:
    explicit DescriptorLimit(rlim_t most) {
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
        const rlimit limit{most, before_.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
    }
    ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    DescriptorLimit(const DescriptorLimit&) = delete;
    DescriptorLimit& operator=(const DescriptorLimit&) = delete;

  private:
    rlimit before_{};
};

/// Nothing can be opened while it lives. What is open goes on.
class NoDescriptors {
  public:
    NoDescriptors() : limit_(lowest_free()) {}

  private:
    /// All numbers below it are taken, and it is the next that would be given.
    static rlim_t lowest_free() {
        const int next = ::dup(STDERR_FILENO);
        REQUIRE(next >= 0);
        ::close(next);
        return static_cast<rlim_t>(next);
    }

    DescriptorLimit limit_;
};

} // namespace recoverd::test
