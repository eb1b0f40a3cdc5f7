// SPDX-License-Identifier: Apache-2.0
#include "io/descriptors.hpp"

#include <algorithm>
#include <atomic>

namespace recoverd::io {

namespace {

/// The soft limit before it was raised; 0 while it is as it was.
std::atomic<rlim_t> limit_before{0};

} // namespace

MoreDescriptors::MoreDescriptors() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    const rlim_t had = limit.rlim_cur;
    limit.rlim_cur = std::min(limit.rlim_max, kMostDescriptors);
    if (limit.rlim_cur > had && ::setrlimit(RLIMIT_NOFILE, &limit) == 0)
        limit_before = had;
}

MoreDescriptors::~MoreDescriptors() {
    if (const auto limit = descriptors_of_children())
        ::setrlimit(RLIMIT_NOFILE, &*limit);
    limit_before = 0;
}

std::optional<rlimit> descriptors_of_children() {
    rlimit limit{};
    const rlim_t had = limit_before;
    if (had == 0 || ::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return std::nullopt;
    limit.rlim_cur = had;
    return limit;
}

} // namespace recoverd::io
