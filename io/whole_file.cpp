// SPDX-License-Identifier: Apache-2.0
#include "io/whole_file.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace recoverd::io {

std::expected<std::string, std::string> read_whole(const std::string& path) {
    errno = 0;
    std::ifstream in{path, std::ios::binary};
    std::string bytes;
    // Not by iterators over its buffer: those throw where a read fails, and nobody expects that of them.
    for (std::array<char, 16'384> part{}; in.read(part.data(), part.size()) || in.gcount() > 0;)
        bytes.append(part.data(), static_cast<std::size_t>(in.gcount()));
    if (!in.is_open() || in.bad())
        return std::unexpected(std::strerror(errno == 0 ? EIO : errno));
    return bytes;
}

} // namespace recoverd::io
