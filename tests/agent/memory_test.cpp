// SPDX-License-Identifier: Apache-2.0
#include "agent/memory.hpp"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <fstream>
#include <sstream>
#include <string>

using namespace recoverd;

namespace {

/// Addresses, which are written into it when the program is loaded and never again.
constexpr std::array<const char*, 3> kRelocated{"archived", "listed", "restored"};

/// RssFile, in kB: pages that came from files and can come from them again.
std::size_t resident_of_files() {
    std::ifstream status{"/proc/self/status"};
    for (std::string line; std::getline(status, line);) {
        std::istringstream words{line};
        std::string name;
        std::size_t kilobytes = 0;
        if (words >> name >> kilobytes && name == "RssFile:")
            return kilobytes;
    }
    return 0;
}

} // namespace

TEST_CASE("pages of files are given back, come again when they are needed, and hold what they held") {
    const std::size_t before = resident_of_files();
    agent::give_back_memory();
    const std::size_t after = resident_of_files();
    CHECK(after < before);
    std::string words;
    for (const char* word : kRelocated)
        words += word;
    CHECK(words == "archivedlistedrestored");
}
