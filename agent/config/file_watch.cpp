// SPDX-License-Identifier: Apache-2.0
#include "agent/config/file_watch.hpp"

#include "io/file_stamp.hpp"

#include <utility>

namespace recoverd::agent {

bool FileWatch::changed(const std::vector<std::string>& paths) {
    std::map<std::string, std::string> now;
    for (const std::string& path : paths)
        now.emplace(path, io::file_stamp(path));
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
