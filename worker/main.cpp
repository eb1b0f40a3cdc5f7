// SPDX-License-Identifier: Apache-2.0
// `worker JOB`: does one thing that is heavy or can hang, and exits. Options come as one line of JSON on stdin, what is
// large after them; evidence goes as JSON lines to stdout. When nothing was learned the only line is
// {"failure":{"kind":…,"detail":…}}, and the status 1.
// There is no deadline in here: the agent kills what takes too long.
#include "io/json.hpp"
#include "worker/all.hpp"

#include <fmt/format.h>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

namespace {

using namespace recoverd;

/// Backups must not become slower because somebody looks at them.
void step_back() {
    // Both may be refused (a container's seccomp profile); then the work is done at the usual priority.
    (void)::setpriority(PRIO_PROCESS, 0, 19);
    constexpr int kWhoProcess = 1;      // IOPRIO_WHO_PROCESS; glibc has no wrapper for ioprio_set
    constexpr int kClassIdle = 3 << 13; // IOPRIO_CLASS_IDLE in the class bits
    (void)::syscall(SYS_ioprio_set, kWhoProcess, 0, kClassIdle);
}

bool put(const std::string& text) {
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

int failed(const core::Failure& failure) {
    io::JsonWriter line;
    line.begin_object().key("failure").begin_object();
    line.field("kind", core::name_of(failure.kind)).field("detail", failure.detail);
    line.end_object().end_object();
    put(line.take() + "\n");
    return 1;
}

int run(const worker::Job& job) {
    std::ios::sync_with_stdio(false);
    std::string options;
    std::getline(std::cin, options);
    const auto answer = job.run(options, std::cin);
    if (!answer)
        return failed(answer.error());
    return put(*answer) ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    // There may be a password on stdin. A core dump would put it on disk, and others that run as our user may not look
    // at us.
    ::prctl(PR_SET_DUMPABLE, 0);
    const worker::Job* job = argc == 2 ? worker::find(argv[1]) : nullptr;
    if (!job)
        return failed({core::FailureKind::misconfigured,
                       fmt::format("worker: expected the name of one job, found '{}'", argc > 1 ? argv[1] : "")});
    if (job->heavy)
        step_back();
    int status = 1;
    try {
        status = run(*job);
    } catch (const io::BadDocument& bad) {
        status = failed({core::FailureKind::misconfigured, fmt::format("worker: {}", bad.what())});
    } catch (const std::exception& error) {
        status = failed({core::FailureKind::bad_answer, fmt::format("worker: unexpected: {}", error.what())});
    }
    // All is said. A library's threads that hang are not waited for, and find nothing pulled from under them.
    std::_Exit(status);
}
