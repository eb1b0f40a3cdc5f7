// SPDX-License-Identifier: Apache-2.0
#include "tests/places.hpp"

namespace recoverd::test {

std::filesystem::path source_folder() { return RECOVERD_SOURCE_DIR; }

std::filesystem::path build_folder() { return RECOVERD_BINARY_DIR; }

} // namespace recoverd::test
