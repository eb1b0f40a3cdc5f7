// SPDX-License-Identifier: Apache-2.0
#include "agent/config/file_watch.hpp"

#include <fmt/format.h>

#include <sys/stat.h>

#include <utility>

namespace recoverd::agent {

namespace {

std::string stamp_of(const std::string& path) {
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0)
        return {};
    // The time of change, not of modification: that one is set back by whoever copies a file with its times.
    return fmt::format("{}:{} {} {}.{:09}", found.st_dev, found.st_ino, found.st_size, found.st_ctim.tv_sec,
                       found.st_ctim.tv_nsec);
}

} // namespace

bool FileWatch::changed(const std::vector<std::string>& paths) {
    std::map<std::string, std::string> now;
    for (const std::string& path : paths)
        now.emplace(path, stamp_of(path));
    // What is not asked about any more is no change: whoever stopped asking has read the rest.
    bool differs = false;
    for (const auto& [path, stamp] : now) {
        const auto before = known_.find(path);
        differs = differs || before == known_.end() || before->second != stamp;
    }
    known_ = std::move(now);
    return differs;
}

} // namespace recoverd::agent
