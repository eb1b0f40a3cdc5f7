// SPDX-License-Identifier: Apache-2.0
// How many descriptors the process may open. Where nobody set it (a shell, a container) that is 1,024, which a fleet
// that is probed at once and a few hundred readers of the page use up.
#pragma once

#include <sys/resource.h>

#include <optional>

namespace recoverd::io {

inline constexpr rlim_t kMostDescriptors = 65'536;

/// While it lives the process may open as many as its hard limit and kMostDescriptors allow. One at a time.
class MoreDescriptors {
  public:
    MoreDescriptors();
    ~MoreDescriptors();
    MoreDescriptors(const MoreDescriptors&) = delete;
    MoreDescriptors& operator=(const MoreDescriptors&) = delete;
};

/// The limit that children get, which is what the process had before: programs that use select(), or that close all
/// that they might have open, count on a small one. Nothing while it was not raised. From any thread.
std::optional<rlimit> descriptors_of_children();

} // namespace recoverd::io
