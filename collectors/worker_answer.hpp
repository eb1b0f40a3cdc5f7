// SPDX-License-Identifier: Apache-2.0
// What a collector makes of the worker's answer, whatever the worker was asked to do; for tests and fuzzers too.
#pragma once

#include "collectors/collector.hpp"

namespace recoverd::collectors {

/// What it wrote, or the failure that it wrote instead. Throws io::BadDocument.
core::Result<std::string> worker_answer(io::Finished finished);

/// Evidence as JSON lines when the worker succeeded, else the one line that says why not. Throws io::BadDocument.
Collected interpret_worker(const io::Finished& finished);

/// The same, a slice at a time: what others wait for is done in between. Thousands of subjects are megabytes.
Task<Collected> read_worker(Run run, io::Finished finished);

} // namespace recoverd::collectors
