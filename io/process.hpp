// SPDX-License-Identifier: Apache-2.0
// A child process: what is run, and how it ended. Never through a shell.
#pragma once

#include "core/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace recoverd::io {

struct Command {
    /// argv[0] is looked up in PATH unless it holds a slash.
    std::vector<std::string> argv;
    /// Added to (or replacing in) the agent's own environment.
    std::vector<std::pair<std::string, std::string>> env;
    /// Names of variables of the agent's own environment that it does not get.
    std::vector<std::string> withheld;
    std::string input;
    std::string directory;
    /// Output beyond this (stdout and stderr each) ends the run as `bad_answer`; the group is killed.
    std::size_t max_output = std::size_t{8} << 20U;
    /// Nothing that it starts may write a file larger than this (RLIMIT_FSIZE); 0 for any size.
    std::uint64_t max_file = 0;
    /// After it the whole process group gets SIGKILL, and the run is `timed_out`.
    core::Duration timeout{30'000};
};

struct Finished {
    /// Exit status, or nothing when a signal ended it.
    std::optional<int> status;
    /// The signal that ended it, or 0.
    int signal = 0;
    std::string out;
    std::string err;
    core::Duration took{0};
};

/// The last non-empty line of what a program said on stderr, printable and at most 200 characters.
std::string last_words(const std::string& err);

} // namespace recoverd::io
