// SPDX-License-Identifier: Apache-2.0
// `worker JOB`: does one thing that is heavy or can hang, and exits. Options come as JSON on stdin, evidence goes as
// JSON lines to stdout. When nothing was learned the only line is {"failure":{"kind":…,"detail":…}}, and the status 1.
// There is no deadline in here: the agent kills what takes too long.
#include "io/evidence_json.hpp"
#include "io/json.hpp"
#include "worker/all.hpp"

#include <fmt/format.h>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <iterator>

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
    const std::string input(std::istreambuf_iterator<char>(std::cin), {});
    const auto seen = job.run(input);
    if (!seen)
        return failed(seen.error());
    return put(io::to_lines(*seen)) ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    const worker::Job* job = argc == 2 ? worker::find(argv[1]) : nullptr;
    if (!job)
        return failed({core::FailureKind::misconfigured,
                       fmt::format("worker: expected the name of one job, found '{}'", argc > 1 ? argv[1] : "")});
    step_back();
    try {
        return run(*job);
    } catch (const io::BadDocument& bad) {
        return failed({core::FailureKind::misconfigured, fmt::format("worker: {}", bad.what())});
    } catch (const std::exception& error) {
        return failed({core::FailureKind::bad_answer, fmt::format("worker: unexpected: {}", error.what())});
    }
}
