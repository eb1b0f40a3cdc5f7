// SPDX-License-Identifier: Apache-2.0
#include "agent/memory.hpp"

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

#include <malloc.h>
#include <sys/mman.h>

namespace recoverd::agent {

namespace {

/// A part of memory, as proc_pid_smaps(5) begins to tell of it:
/// "5581f0a00000-5581f0a21000 r-xp 00000000 fe:00 1234  /usr/bin/recoverd", and then "Rss:  84 kB" and others.
struct Part {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    bool comes_from_file = false;

    /// False for a line that tells more of the part before.
    bool read(const std::string& line) {
        std::istringstream words{line};
        Part part;
        char dash = 0;
        std::string access;
        if (!(words >> std::hex >> part.begin >> dash >> part.end >> access) || dash != '-')
            return false;
        part.comes_from_file = access.starts_with('r') && access[1] == '-' && line.contains('/');
        *this = part;
        return true;
    }
};

/// "Anonymous:  0 kB": of none of its pages there is a copy that is not in the file.
bool tells_no_copies(const std::string& line) {
    std::istringstream words{line};
    std::string name;
    std::size_t copies = 0;
    return words >> name >> copies && name == "Anonymous:" && copies == 0;
}

} // namespace

bool give_back_memory() {
    const bool heap = ::malloc_trim(0) != 0;
    std::ifstream smaps{"/proc/self/smaps"};
    Part part;
    for (std::string line; std::getline(smaps, line);)
        // What is read-only today may have been relocated before. Such pages are copies, and would be lost.
        if (!part.read(line) && part.comes_from_file && tells_no_copies(line))
            ::madvise(reinterpret_cast<void*>(part.begin), // NOLINT(performance-no-int-to-ptr)
                      part.end - part.begin, MADV_DONTNEED);
    return heap;
}

} // namespace recoverd::agent
