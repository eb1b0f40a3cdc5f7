// SPDX-License-Identifier: Apache-2.0
// The documents that people read: those in the root of the project and everything under docs/.
#pragma once

#include "tests/places.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace recoverd::test {

inline const std::filesystem::path kRoot = source_folder();

std::string text_of(const std::filesystem::path& path);
std::vector<std::filesystem::path> documents();

} // namespace recoverd::test
