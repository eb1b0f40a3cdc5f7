// SPDX-License-Identifier: Apache-2.0
// The options of the `git` collector, and what its table cannot say of them.
#pragma once

#include "collectors/collector.hpp"

namespace recoverd::collectors::git_parts {

struct Options {
    std::string origin;
    std::string mirror;
    bool clone = false;
    Duration clone_every = 30 * core::kDay;
    std::string exercise = "restore-test";
    std::string scratch = "/var/tmp";
    core::config::Size max_size{std::uint64_t{10} << 30U};
    std::vector<std::string> protect{"HEAD"};
    // What a host makes by itself of pull requests and pipelines.
    std::vector<std::string> ignore{"refs/pull/*", "refs/merge-requests/*", "refs/keep-around/*", "refs/pipelines/*",
                                    "refs/environments/*"};
    std::string lfs;
    std::string credentials;
    std::string ssh_command = "ssh -o BatchMode=yes";
};

void check(const Options& options, const core::config::Place& place, core::config::Diagnostics& diagnostics);

} // namespace recoverd::collectors::git_parts
