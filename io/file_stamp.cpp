// SPDX-License-Identifier: Apache-2.0
#include "io/file_stamp.hpp"

#include <fmt/format.h>

#include <sys/stat.h>

namespace recoverd::io {

std::string file_stamp(const std::string& path) {
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0)
        return {};
    // The time of change, not of modification: that one is set back by whoever copies a file with its times, and stays
    // what it was when somebody lets us read it.
    return fmt::format("{}:{} {} {}.{:09}", found.st_dev, found.st_ino, found.st_size, found.st_ctim.tv_sec,
                       found.st_ctim.tv_nsec);
}

} // namespace recoverd::io
