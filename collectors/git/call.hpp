// SPDX-License-Identifier: Apache-2.0
// Starting git: without a shell, without anybody to ask, in plain English.
#pragma once

#include "collectors/collector.hpp"

namespace recoverd::collectors::git_parts {

using Environment = std::vector<std::pair<std::string, std::string>>;

/// One run's way to git.
struct Caller {
    Run run;
    Environment environment;
    /// A file as git-credential-store keeps it; empty for none.
    std::string credentials;
    /// On the interval clock.
    Duration until;

    Duration left() const { return std::max(Duration{1}, until - run.world.timers().elapsed()); }
    io::Command command(std::vector<std::string> words) const;
    Task<Result<io::Finished>> run_git(std::vector<std::string> words) const;
};

Environment environment(const std::string& ssh_command);

bool is_http(const std::string& url);
/// The folder of a repository on this host, or nothing.
std::optional<std::string> local_path(const std::string& url);
bool is_bundle(const std::string& url);

/// What makes `git-upload-pack` read a repository on this host that belongs to somebody else: what `-c` says does not
/// get through to it.
std::vector<std::string> upload_pack(const std::string& url);

/// Is `anchor` in the history of `tip`? Nothing when that is not known. `folder` is a repository with the objects.
Task<std::optional<bool>> holds(Caller caller, std::string folder, std::string anchor, std::string tip);

} // namespace recoverd::collectors::git_parts
