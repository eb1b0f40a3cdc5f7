// SPDX-License-Identifier: Apache-2.0
// What the daemon keeps of a configuration while it runs by it.
#pragma once

#include "agent/config/load.hpp"

#include <string>

namespace recoverd::agent {

struct Configuration {
    /// Without `origins` and `other_sections`, of which only the text is made.
    Loaded loaded;
    /// For /config, as gzip: of ten thousand checks it is 7 MB, and hardly anybody asks. Empty when there were
    /// mistakes.
    std::string text;
};

/// Takes a while for many checks: not for the loop's thread.
Configuration prepare(Loaded loaded);

/// Reads a file, and all that it is made of. Blocks on files: not for the loop's thread.
Configuration read_configuration(const std::string& file, const Touching& touching);

} // namespace recoverd::agent
