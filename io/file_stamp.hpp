// SPDX-License-Identifier: Apache-2.0
// By what one sees that a file may say something else than before, without reading it.
#pragma once

#include <string>

namespace recoverd::io {

/// Another text once the file was written to, replaced, or its owner or rights were changed; links are followed. Empty
/// when there is none that we may look at.
std::string file_stamp(const std::string& path);

} // namespace recoverd::io
