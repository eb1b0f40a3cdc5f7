// SPDX-License-Identifier: Apache-2.0
#include "io/spawn.hpp"

#include "io/descriptors.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace recoverd::io {

namespace {

using core::Failure;
using core::FailureKind;

using Clock = std::chrono::steady_clock;
/// Whoever was killed longer ago than this hangs.
constexpr std::chrono::seconds kDying{1};

/// Children that were killed and not yet reaped, and those among them that nobody else waits for.
class Killed {
  public:
    std::uint64_t add(std::size_t command) {
        const std::lock_guard lock{mutex_};
        children_.emplace(++last_, Child{command, Clock::now()});
        return last_;
    }
    void remove(std::uint64_t child) {
        const std::lock_guard lock{mutex_};
        children_.erase(child);
    }
    void leave(pid_t pid, std::uint64_t child) {
        const std::lock_guard lock{mutex_};
        left_.emplace_back(pid, child);
    }
    std::size_t count() {
        const std::lock_guard lock{mutex_};
        sweep();
        return children_.size();
    }
    std::optional<Failure> refusal(std::size_t command, const std::string& name) {
        const std::lock_guard lock{mutex_};
        sweep();
        const auto until = Clock::now() - kDying;
        if (std::ranges::any_of(children_, [&](const auto& child) {
                return child.second.command == command && child.second.since < until;
            }))
            return Failure{FailureKind::timed_out,
                           fmt::format("expected '{}' to run, found it killed before and not dead", name)};
        if (children_.size() >= kMostKilled)
            return Failure{
                FailureKind::unreachable,
                fmt::format("cannot run '{}': {} programs were killed and are not dead", name, children_.size())};
        return std::nullopt;
    }

  private:
    struct Child {
        std::size_t command;
        Clock::time_point since;
    };
    void sweep() {
        std::erase_if(left_, [this](const auto& child) {
            const bool dead = ::waitpid(child.first, nullptr, WNOHANG) != 0;
            if (dead)
                children_.erase(child.second);
            return dead;
        });
    }

    std::mutex mutex_;
    std::uint64_t last_ = 0;
    std::map<std::uint64_t, Child> children_;
    std::vector<std::pair<pid_t, std::uint64_t>> left_;
};

Killed& killed() {
    static Killed& only = *new Killed; // outlives every thread
    return only;
}

/// Tells commands apart without keeping what may be secret.
std::size_t hash_of(const Command& command) {
    std::string all = command.directory;
    for (const std::string& word : command.argv)
        all += '\0' + word;
    const std::hash<std::string> hash;
    // The input may be long: it is not copied.
    all += '\0' + std::to_string(hash(command.input));
    return hash(all);
}

std::string message(int error) { return std::system_category().message(error); }

/// The ends of a pipe: [0] to read from, [1] to write to.
using Pipe = std::array<Fd, 2>;

bool open_pipe(Pipe& pipe) {
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC) != 0)
        return false;
    pipe = {Fd{fds[0]}, Fd{fds[1]}};
    return true;
}

/// Not by sys/pidfd.h, which glibc 2.36 does not declare for C++.
int open_pidfd(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

void unblock(const Fd& fd) { ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK); }

/// What systemd told the agent about itself is not for its children.
bool is_private(std::string_view name) {
    static constexpr std::array<std::string_view, 6> kPrivate{"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC",
                                                              "LISTEN_PID",    "LISTEN_FDS",   "LISTEN_FDNAMES"};
    return std::ranges::find(kPrivate, name) != kPrivate.end();
}

std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> pointers;
    for (auto& word : words)
        pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return pointers;
}

struct Actions {
    posix_spawn_file_actions_t value{};
    Actions() { ::posix_spawn_file_actions_init(&value); }
    ~Actions() { ::posix_spawn_file_actions_destroy(&value); }
    Actions(const Actions&) = delete;
    Actions& operator=(const Actions&) = delete;
};

struct Attributes {
    posix_spawnattr_t value{};
    Attributes() {
        sigset_t none;
        sigset_t all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        ::sigdelset(&all, SIGKILL);
        ::sigdelset(&all, SIGSTOP);
        ::posix_spawnattr_init(&value);
        ::posix_spawnattr_setflags(&value, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        ::posix_spawnattr_setpgroup(&value, 0);
        ::posix_spawnattr_setsigmask(&value, &none);
        ::posix_spawnattr_setsigdefault(&value, &all);
    }
    ~Attributes() { ::posix_spawnattr_destroy(&value); }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
};

Failure not_started(const Command& command, int error) {
    // What the configuration can mend, against what the machine lacks at the moment.
    static constexpr std::array kMendable{ENOENT, EACCES, ENOTDIR, ENOEXEC, ELOOP, ENAMETOOLONG, E2BIG, EPERM, EISDIR};
    const bool mendable = std::ranges::find(kMendable, error) != kMendable.end();
    const std::string where = command.directory.empty() ? "" : fmt::format(" in '{}'", command.directory);
    return {mendable ? FailureKind::misconfigured : FailureKind::unreachable,
            fmt::format("cannot run '{}'{}: {}", command.argv.front(), where, message(error))};
}

/// The child's ends of its pipes.
struct Ends {
    Fd in;
    Fd out;
    Fd err;
};

/// An errno, or 0.
int start(const Command& command, std::vector<std::string> variables, const Ends& ends, pid_t& pid) {
    Actions actions;
    if (ends.in)
        ::posix_spawn_file_actions_adddup2(&actions.value, ends.in.get(), STDIN_FILENO);
    else
        ::posix_spawn_file_actions_addopen(&actions.value, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions.value, ends.out.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions.value, ends.err.get(), STDERR_FILENO);
    // Ours are close-on-exec anyway; this is for what a library may have forgotten.
    ::posix_spawn_file_actions_addclosefrom_np(&actions.value, STDERR_FILENO + 1);
    if (!command.directory.empty())
        ::posix_spawn_file_actions_addchdir_np(&actions.value, command.directory.c_str());
    const Attributes attributes;
    std::vector<std::string> words = command.argv;
    const auto argv = pointers(words);
    const auto envp = pointers(variables);
    return ::posix_spawnp(&pid, words.front().c_str(), &actions.value, &attributes.value, argv.data(), envp.data());
}

} // namespace

Spawned::Spawned(Spawned&& other) noexcept
    : pidfd(std::move(other.pidfd)),
      in(std::move(other.in)),
      out(std::move(other.out)),
      err(std::move(other.err)),
      pid_(std::exchange(other.pid_, 0)),
      command_(other.command_),
      killed_(std::exchange(other.killed_, std::nullopt)) {}

Spawned& Spawned::operator=(Spawned&& other) noexcept {
    std::swap(pidfd, other.pidfd);
    std::swap(in, other.in);
    std::swap(out, other.out);
    std::swap(err, other.err);
    std::swap(pid_, other.pid_);
    std::swap(command_, other.command_);
    std::swap(killed_, other.killed_);
    return *this;
}

Spawned::~Spawned() {
    kill_group();
    if (pid_ > 0 && !reap())
        killed().leave(pid_, *killed_);
}

void Spawned::kill_group() {
    if (pid_ <= 0)
        return;
    ::kill(-pid_, SIGKILL);
    if (!killed_)
        killed_ = killed().add(command_);
}

bool Spawned::ended(Finished& how) const {
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
        return false;
    if (info.si_code == CLD_EXITED)
        how.status = info.si_status;
    else
        how.signal = info.si_status;
    return true;
}

bool Spawned::reap() {
    if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) != 0) {
        pid_ = 0;
        if (killed_)
            killed().remove(*killed_);
    }
    return pid_ == 0;
}

std::size_t killed_children() { return killed().count(); }

std::vector<std::string> environment_of(const Command& command) {
    std::vector<std::string> variables;
    for (char** variable = environ; variable && *variable; ++variable) {
        const std::string_view name = std::string_view{*variable}.substr(0, std::strcspn(*variable, "="));
        if (!is_private(name) && std::ranges::find(command.withheld, name) == command.withheld.end())
            variables.emplace_back(*variable);
    }
    for (const auto& [name, value] : command.env) {
        std::erase_if(variables, [&](const std::string& old) { return old.starts_with(name + "="); });
        variables.push_back(name + "=" + value);
    }
    return variables;
}

core::Result<Spawned> spawn(const Command& command, std::vector<std::string> environment) {
    if (command.argv.empty() || command.argv.front().empty())
        return core::failed(FailureKind::misconfigured, "expected a program to run, found an empty command");
    const std::size_t hash = hash_of(command);
    if (auto refused = killed().refusal(hash, command.argv.front()))
        return std::unexpected(std::move(*refused));
    Pipe in;
    Pipe out;
    Pipe err;
    if ((!command.input.empty() && !open_pipe(in)) || !open_pipe(out) || !open_pipe(err))
        return std::unexpected(not_started(command, errno));
    pid_t pid = 0;
    const Ends ends{std::move(in[0]), std::move(out[1]), std::move(err[1])};
    if (const int error = start(command, std::move(environment), ends, pid); error != 0)
        return std::unexpected(not_started(command, error));
    Spawned spawned{pid, hash};
    // After it began, since posix_spawn knows no limits: what it starts later inherits these, and its input, in which
    // secrets are, comes later as well. A core would put them on disk.
    const rlimit no_core{0, 0};
    ::prlimit(pid, RLIMIT_CORE, &no_core, nullptr);
    if (const auto descriptors = descriptors_of_children())
        ::prlimit(pid, RLIMIT_NOFILE, &*descriptors, nullptr);
    if (command.max_file > 0) {
        const rlimit limit{command.max_file, command.max_file};
        ::prlimit(pid, RLIMIT_FSIZE, &limit, nullptr);
    }
    spawned.pidfd = Fd{open_pidfd(pid)};
    if (!spawned.pidfd)
        return std::unexpected(not_started(command, errno));
    spawned.in = std::move(in[1]);
    spawned.out = std::move(out[0]);
    spawned.err = std::move(err[0]);
    for (const Fd* fd : {&spawned.in, &spawned.out, &spawned.err})
        if (*fd)
            unblock(*fd);
    return spawned;
}

} // namespace recoverd::io
