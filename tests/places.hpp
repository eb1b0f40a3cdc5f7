// SPDX-License-Identifier: Apache-2.0
// Where the tests were built from. Only places.cpp is compiled with these folders' names: all else compiles to the same
// bytes in every clone, and comes from the compiler's cache.
#pragma once

#include <filesystem>

namespace recoverd::test {

/// The root of the project: where tests/data and docs/ are.
std::filesystem::path source_folder();

/// Where the programs are: build/PRESET.
std::filesystem::path build_folder();

} // namespace recoverd::test
