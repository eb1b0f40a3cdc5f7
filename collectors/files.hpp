// SPDX-License-Identifier: Apache-2.0
// How the worker is asked to look at files, for every collector whose recovery points are files.
#pragma once

#include "collectors/collector.hpp"

namespace recoverd::collectors {

/// What the worker is asked to look at; vault_snapshot asks the same of its own kind of files.
struct FilesJob {
    std::string path;
    std::uint64_t min_size = 0;
    std::string verify;
    std::uint64_t verify_budget = 0;
    Duration settle{0};
    std::string name_time;
};
/// The worker's input for a run that may take `timeout`.
std::string input_of(const FilesJob& job, Duration timeout, const std::string& cursor);
/// Says what is wrong with `path`.
void check_files_path(const std::string& path, const core::config::Place& place,
                      core::config::Diagnostics& diagnostics);

} // namespace recoverd::collectors
