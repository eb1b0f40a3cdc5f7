// SPDX-License-Identifier: Apache-2.0
// `recoverd forget SUBJECT`: what is gone for good shall no longer be missed.
#include "agent/api_client.hpp"
#include "agent/commands/all.hpp"
#include "io/json.hpp"

#include <fmt/format.h>

namespace recoverd::agent {

namespace {

struct Options {
    DaemonAddress daemon;
    std::string subject;
};

void declare(Arguments& arguments, Options& options) {
    arguments.positional("SUBJECT", options.subject, "CHECK/SUBJECT, or a subject of whatever checks see it", true);
    declare_address(arguments, options.daemon);
}

int run(const Options& options, Console& console) {
    io::JsonWriter body;
    body.begin_object().field("subject", options.subject).end_object();
    const auto answer = ApiClient{options.daemon}.post("/api/v1/forget", body.take());
    if (!answer) {
        print_away(options.daemon, answer.error(), console);
        return kFailed;
    }
    if (answer->status == 200) {
        fmt::print(console.out, "forgot '{}'\n", options.subject);
        return 0;
    }
    fmt::print(console.err, "recoverd: the daemon at {} did not forget '{}', with status {}\n", options.daemon.shown(),
               options.subject, answer->status);
    for (const std::string& error : errors_in(*answer))
        fmt::print(console.err, "  {}\n", error);
    if (answer->status == 404)
        fmt::print(console.err, "hint: `recoverd explain ASSET` lists what is seen\n");
    return kFailed;
}

} // namespace

Command forget_command() {
    return command<Options>("forget", "Drop something that is gone for good, and all that is remembered of it", declare,
                            run);
}

} // namespace recoverd::agent
