// SPDX-License-Identifier: Apache-2.0
// pg_dump's custom and directory formats, by PostgreSQL's own reader.
#include "io/process.hpp"
#include "worker/files/formats.hpp"

#include <fmt/format.h>

#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

extern char** environ;

namespace recoverd::worker::files {

namespace {

struct Ended {
    /// Could it be started at all?
    bool started = false;
    /// It could not, and not for want of memory, processes or descriptors: there is none.
    bool absent = false;
    bool in_time = true;
    /// Nothing when it was killed.
    std::optional<int> status;
    std::string err;
};

/// Reads what comes until the other end is closed; false when `budget` ended first.
bool drain(int fd, std::string& text, const Budget& budget) {
    constexpr std::size_t kMaxText = 64 * 1024;
    std::array<char, 4096> block;
    for (;;) {
        pollfd waiting{fd, POLLIN, 0};
        const auto left = std::max(budget.time_left(), core::Duration{0});
        const int ready = ::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
        if (ready < 0 && errno != EINTR)
            return true;
        if (ready == 0 && budget.late())
            return false;
        if (ready <= 0)
            continue;
        const ssize_t got = ::read(fd, block.data(), block.size());
        if (got <= 0)
            return true;
        if (text.size() < kMaxText)
            text.append(block.data(), static_cast<std::size_t>(got));
    }
}

/// What it says is read, whatever the host speaks.
std::vector<std::string> in_english() {
    std::vector<std::string> variables{"LC_ALL=C"};
    for (char** variable = environ; *variable; ++variable)
        if (!std::string_view{*variable}.starts_with("LC_ALL="))
            variables.emplace_back(*variable);
    return variables;
}

std::vector<char*> as_c_has_them(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (const auto& text : texts)
        pointers.push_back(const_cast<char*>(text.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

Ended run(const std::vector<std::string>& argv, const Budget& budget) {
    Ended ended;
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return ended;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    const auto words = as_c_has_them(argv);
    const auto variables = in_english();
    const auto environment = as_c_has_them(variables);
    pid_t child = 0;
    const int fault = ::posix_spawnp(&child, words[0], &actions, nullptr, words.data(), environment.data());
    ended.started = fault == 0;
    ended.absent = fault != 0 && fault != ENOMEM && fault != EAGAIN && fault != EMFILE && fault != ENFILE;
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (ended.started) {
        ended.in_time = drain(ends[0], ended.err, budget);
        if (!ended.in_time)
            ::kill(child, SIGKILL);
        int status = 0;
        while (::waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
        if (WIFEXITED(status))
            ended.status = WEXITSTATUS(status);
    }
    ::close(ends[0]);
    return ended;
}

bool says_too_old(const std::string& err) {
    // "unsupported version (1.16) in file header", "… compression is not supported by this installation"
    return err.contains("unsupported version") || err.contains("not supported");
}

/// As the disk, or what stands between it and us, says that it failed. ENOENT is not among them: a part of a dump that
/// is not there is missed.
constexpr std::array kOfDisk{EIO,       ESTALE,       ETIMEDOUT,   EREMOTEIO, ENOTCONN, ENXIO, ENODEV,
                             EHOSTDOWN, EHOSTUNREACH, ENETUNREACH, ENOMEM,    EMFILE,   ENFILE};

/// Its last line gives the reason behind a colon: "could not read from input file: Input/output error".
bool gives(std::string_view err, int reason) { return err.ends_with(": " + std::generic_category().message(reason)); }

/// Of a pg_restore that failed: what is wrong with the dump, unless it could not be seen.
Proof why_not(const std::string& err) {
    const std::string why = fmt::format("pg_dump archive: {}", io::last_words(err));
    const std::string_view told = std::string_view{err}.substr(0, err.find_last_not_of(" \r\n") + 1);
    if (gives(told, EACCES))
        return not_proven(why);
    const bool of_disk = std::ranges::any_of(kOfDisk, [told](int reason) { return gives(told, reason); });
    // It lists a folder only where we have just seen that file.
    const bool went_away = told.ends_with("(\"toc.dat\" does not exist)");
    // A length that is broken asks for gigabytes, too: if so, it does the next time.
    const bool no_memory = told.ends_with("out of memory") || told.ends_with("insufficient memory");
    return of_disk || went_away || no_memory ? unreadable(why) : bad(why);
}

} // namespace

Proof prove_pg_dump(const std::string& path, bool deep, const Budget& budget) {
    const std::vector<std::string> list{"pg_restore", "--list", path};
    const std::vector<std::string> read{"pg_restore", "--file=/dev/null", path};
    const Ended listed = run(list, budget);
    const Ended ended = deep && listed.started && listed.status == 0 ? run(read, budget) : listed;
    if (!ended.in_time)
        return unfinished();
    if (!ended.started && !ended.absent)
        return unfinished();
    // Debian's wrapper answers 127 or 1 when no version is installed, and says so.
    constexpr int kNotFound = 127;
    const bool absent =
        ended.absent || ended.status == kNotFound || ended.err.contains("You must install at least one");
    if (absent || says_too_old(ended.err))
        return {};
    // By the kernel that ran out of memory, most likely.
    if (!ended.status)
        return unfinished();
    if (*ended.status != 0)
        return why_not(ended.err);
    return {core::Depth::listed, core::PointState::good, {}, true};
}

} // namespace recoverd::worker::files
