// SPDX-License-Identifier: Apache-2.0
#include "tests/io/slow_calls.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <string_view>
#include <thread>

namespace recoverd::test {

namespace {

std::atomic<core::Duration::rep> delay{0};
std::atomic<bool> undying{false};

void pass(const char* path) {
    if (delay.load() > 0 && std::string_view{path}.starts_with("/slow/"))
        std::this_thread::sleep_for(core::Duration{delay.load()});
}

} // namespace

SlowFileSystem::SlowFileSystem(core::Duration each_call) { delay = each_call.count(); }

SlowFileSystem::~SlowFileSystem() { delay = 0; }

Undying::Undying() { undying = true; }

Undying::~Undying() { undying = false; }

} // namespace recoverd::test

extern "C" pid_t waitpid(pid_t pid, int* status, int options) {
    if (recoverd::test::undying.load() && (options & WNOHANG) != 0)
        return 0;
    return static_cast<pid_t>(::syscall(SYS_wait4, pid, status, options, nullptr));
}

extern "C" int open(const char* path, int flags, ...) {
    std::va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    recoverd::test::pass(path);
    return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

extern "C" int posix_spawnp(pid_t* pid, const char* file, const posix_spawn_file_actions_t* actions,
                            const posix_spawnattr_t* attributes, char* const argv[], char* const envp[]) {
    recoverd::test::pass(file);
    using Call = decltype(&posix_spawnp);
    static const auto real = reinterpret_cast<Call>(::dlsym(RTLD_NEXT, "posix_spawnp"));
    return real(pid, file, actions, attributes, argv, envp);
}
