// SPDX-License-Identifier: Apache-2.0
#include "collectors/git/call.hpp"

#include <fmt/format.h>

namespace recoverd::collectors::git_parts {

namespace {

/// 100,000 pull requests make 200,000 refs of 80 bytes.
constexpr std::size_t kMaxOutput = std::size_t{64} << 20U;

} // namespace

io::Command Caller::command(std::vector<std::string> words) const {
    io::Command made;
    // A repository's own settings and hooks are not for who only looks at it; that it belongs to another user is
    // expected.
    made.argv = {"git", "-c", "safe.directory=*", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"};
    // Read by git itself, so that no secret passes through here; and only read: told that a password was refused, the
    // helper would take it out of the file.
    if (!credentials.empty())
        made.argv.insert(made.argv.end(), {"-c", fmt::format("credential.helper=!f() {{ test \"$1\" != get || git "
                                                             "credential-store --file={} get; }}; f",
                                                             credentials)});
    made.argv.insert(made.argv.end(), std::make_move_iterator(words.begin()), std::make_move_iterator(words.end()));
    made.env = environment;
    made.max_output = kMaxOutput;
    made.timeout = left();
    return made;
}

Task<Result<io::Finished>> Caller::run_git(std::vector<std::string> words) const {
    return run.world.run(command(std::move(words)));
}

Environment environment(const std::string& ssh_command) {
    // Nobody is there to be asked.
    return {{"LC_ALL", "C"},           {"GIT_TERMINAL_PROMPT", "0"},     {"GIT_ASKPASS", "true"},
            {"SSH_ASKPASS", "true"},   {"GIT_SSH_COMMAND", ssh_command}, {"GIT_OPTIONAL_LOCKS", "0"},
            {"GIT_NO_LAZY_FETCH", "1"}};
}

bool is_http(const std::string& url) { return url.starts_with("http://") || url.starts_with("https://"); }

std::optional<std::string> local_path(const std::string& url) {
    constexpr std::string_view kFile = "file://";
    if (url.starts_with(kFile) && !url.contains('%'))
        return url.substr(kFile.size());
    return url.starts_with('/') ? std::optional{url} : std::nullopt;
}

bool is_bundle(const std::string& url) { return local_path(url) && url.ends_with(".bundle"); }

std::vector<std::string> upload_pack(const std::string& url) {
    if (!local_path(url) || is_bundle(url))
        return {};
    return {"--upload-pack=git -c 'safe.directory=*' upload-pack"};
}

Task<std::optional<bool>> holds(Caller caller, std::string folder, std::string anchor, std::string tip) {
    std::vector<std::string> words{"-C", std::move(folder), "merge-base", "--is-ancestor", anchor, std::move(tip)};
    const auto asked = co_await caller.run_git(std::move(words));
    if (!asked || !asked->status)
        co_return std::nullopt;
    if (*asked->status == 0 || *asked->status == 1)
        co_return *asked->status == 0;
    // What is not there at all cannot be in the history of what is.
    if (asked->err.contains("Not a valid commit name " + anchor))
        co_return false;
    co_return std::nullopt;
}

} // namespace recoverd::collectors::git_parts
