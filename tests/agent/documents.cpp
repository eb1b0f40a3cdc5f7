// SPDX-License-Identifier: Apache-2.0
#include "tests/agent/documents.hpp"

#include <fstream>
#include <iterator>

namespace recoverd::test {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

std::vector<fs::path> documents() {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator{kRoot})
        if (entry.path().extension() == ".md")
            found.push_back(entry.path());
    for (const auto& entry : fs::recursive_directory_iterator{kRoot / "docs"})
        if (entry.path().extension() == ".md")
            found.push_back(entry.path());
    return found;
}

} // namespace recoverd::test
