// SPDX-License-Identifier: Apache-2.0
// A command run in our place: it has our terminal, input and output, and what we are told to end by, it is told too.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace recoverd::agent {

class Child {
  public:
    /// Starts `argv` without a shell, argv[0] looked up in PATH. As long as this exists SIGHUP, SIGINT,
    /// SIGTERM, SIGUSR1, SIGUSR2 and SIGQUIT do not end us: they go on to it while it runs. One at a time.
    explicit Child(const std::vector<std::string>& argv);
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    struct Ended {
        /// As a shell has it: its own, 128 + signal, 127 when there is no such program, 126 when it cannot be run.
        int status = 0;
        /// "exit status 3", "killed by signal 15 (Terminated)", "cannot run 'x': No such file or directory"
        std::string how;
        /// False when there is no such program, or it cannot be run.
        bool ran = true;
        /// Were we told to end while it ran?
        bool asked_to_end = false;
    };
    Ended wait();

  private:
    pid_t pid_ = 0;
    int error_ = 0;
    std::string name_;
};

} // namespace recoverd::agent
