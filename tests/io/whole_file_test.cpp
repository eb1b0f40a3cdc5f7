// SPDX-License-Identifier: Apache-2.0
#include "io/whole_file.hpp"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <fstream>

using namespace recoverd;

TEST_CASE("a file is read whole, and one that cannot be read to its end is none") {
    const std::string file = (std::filesystem::temp_directory_path() / "recoverd_whole_file_test").string();
    const std::string content = std::string(100'000, 'x') + '\0' + "end";
    std::ofstream{file, std::ios::binary} << content;
    CHECK(io::read_whole(file) == content);
    std::ofstream{file, std::ios::binary} << "";
    CHECK(io::read_whole(file) == "");
    std::filesystem::remove(file);
    CHECK(io::read_whole(file).error() == "No such file or directory");
    CHECK(io::read_whole("/").error() == "Is a directory");
    // Opens, and then cannot be read, as on a disk that is bad there.
    CHECK(io::read_whole("/proc/self/mem").error() == "Input/output error");
}
