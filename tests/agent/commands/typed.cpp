// SPDX-License-Identifier: Apache-2.0
#include "tests/agent/commands/typed.hpp"

#include "agent/commands/all.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace recoverd::test {

Ended typed(std::vector<std::string> words) {
    char* out = nullptr;
    char* err = nullptr;
    std::size_t out_size = 0;
    std::size_t err_size = 0;
    agent::Console console;
    console.out = open_memstream(&out, &out_size);
    console.err = open_memstream(&err, &err_size);
    const int code = agent::run_command_line(std::move(words), agent::all_commands(), console);
    std::fclose(console.out);
    std::fclose(console.err);
    Ended ended{code, {out, out_size}, {err, err_size}};
    std::free(out);
    std::free(err);
    return ended;
}

Folder::Folder() {
    std::string name = std::filesystem::temp_directory_path() / "recoverd-test-XXXXXX";
    if (!mkdtemp(name.data()))
        throw std::runtime_error("cannot make a folder");
    path_ = name;
}

Folder::~Folder() {
    std::error_code failed;
    std::filesystem::remove_all(path_, failed);
}

void Folder::write(const std::string& name, const std::string& text) const { std::ofstream{path(name)} << text; }

std::string Folder::read(const std::string& name) const {
    std::ifstream in{path(name)};
    return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace recoverd::test
