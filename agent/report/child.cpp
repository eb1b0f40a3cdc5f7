// SPDX-License-Identifier: Apache-2.0
#include "agent/report/child.hpp"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace recoverd::agent {

namespace {

constexpr std::array kPassedOn{SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2};

std::atomic<pid_t> child_now{0};
std::atomic<bool> asked_to_end{false};
static_assert(std::atomic<pid_t>::is_always_lock_free);
std::array<struct sigaction, kPassedOn.size()> before{};

void pass_on(int signal, siginfo_t* from, void* /*context*/) {
    const int error = errno;
    asked_to_end = asked_to_end || (signal != SIGUSR1 && signal != SIGUSR2);
    // A key of the terminal reaches the child by itself: it is in our process group.
    if (const pid_t pid = child_now; pid > 0 && from->si_code != SI_KERNEL)
        ::kill(pid, signal);
    errno = error;
}

void pass_signals_on() {
    struct sigaction action{};
    action.sa_sigaction = &pass_on;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (std::size_t i = 0; i < kPassedOn.size(); ++i) {
        ::sigaction(kPassedOn[i], nullptr, &before[i]);
        // What nohup ignores stays ignored, here and in the child.
        if (before[i].sa_handler != SIG_IGN)
            ::sigaction(kPassedOn[i], &action, nullptr);
    }
}

void take_signals_back() {
    for (std::size_t i = 0; i < kPassedOn.size(); ++i)
        ::sigaction(kPassedOn[i], &before[i], nullptr);
}

} // namespace

Child::Child(const std::vector<std::string>& argv) : name_(argv.front()) {
    std::vector<char*> words;
    words.reserve(argv.size() + 1);
    for (const std::string& word : argv)
        words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    sigset_t passed_on;
    sigset_t mask;
    sigemptyset(&passed_on);
    for (const int signal : kPassedOn)
        sigaddset(&passed_on, signal);
    // A signal that comes now waits until we know whom to pass it to.
    ::sigprocmask(SIG_BLOCK, &passed_on, &mask);
    asked_to_end = false;
    pass_signals_on();
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    ::posix_spawnattr_setsigmask(&attributes, &mask);
    error_ = ::posix_spawnp(&pid_, words.front(), nullptr, &attributes, words.data(), environ);
    ::posix_spawnattr_destroy(&attributes);
    child_now = error_ == 0 ? pid_ : 0;
    ::sigprocmask(SIG_SETMASK, &mask, nullptr);
}

Child::~Child() {
    // Not killed: it is not ours to end, only to watch.
    child_now = 0;
    take_signals_back();
}

Child::Ended Child::wait() {
    Ended ended;
    if (error_ != 0) {
        ended.ran = false;
        ended.status = error_ == ENOENT ? 127 : 126;
        ended.how = fmt::format("cannot run '{}': {}", name_, std::generic_category().message(error_));
        return ended;
    }
    int how = 0;
    // Once reaped its number may be somebody else's: signals stop before that.
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
    child_now = 0;
    while (::waitpid(pid_, &how, 0) < 0 && errno == EINTR) {
    }
    ended.asked_to_end = asked_to_end;
    if (WIFSIGNALED(how)) {
        ended.status = 128 + WTERMSIG(how);
        ended.how = fmt::format("killed by signal {} ({})", WTERMSIG(how), ::strsignal(WTERMSIG(how)));
    } else {
        ended.status = WEXITSTATUS(how);
        ended.how = fmt::format("exit status {}", ended.status);
    }
    return ended;
}

} // namespace recoverd::agent
