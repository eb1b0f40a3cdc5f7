// SPDX-License-Identifier: Apache-2.0
// What the collector of files makes of the worker's answer; for tests and fuzzers.
#pragma once

#include "collectors/collector.hpp"

namespace recoverd::collectors {

/// Evidence as JSON lines when the worker succeeded, else the one line that says why not. Throws io::BadDocument.
Collected interpret_files(const io::Finished& finished);

} // namespace recoverd::collectors
