// SPDX-License-Identifier: Apache-2.0
#include "agent/memory.hpp"

#include <fstream>
#include <sstream>
#include <string>

#include <malloc.h>
#include <sys/mman.h>

namespace recoverd::agent {

bool give_back_memory() {
    const bool heap = ::malloc_trim(0) != 0;
    // proc(5): "5581f0a00000-5581f0a21000 r-xp 00000000 fe:00 1234  /usr/bin/recoverd".
    std::ifstream maps{"/proc/self/maps"};
    for (std::string line; std::getline(maps, line);) {
        std::istringstream words{line};
        std::uintptr_t begin = 0;
        std::uintptr_t end = 0;
        char dash = 0;
        std::string access;
        words >> std::hex >> begin >> dash >> end >> access;
        // Text alone: it is never written, while what is read-only today may have been relocated before.
        if (words && access == "r-xp" && line.contains('/'))
            ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED); // NOLINT(performance-no-int-to-ptr)
    }
    return heap;
}

} // namespace recoverd::agent
