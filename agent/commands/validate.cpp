// SPDX-License-Identifier: Apache-2.0
// `recoverd validate NAME`: starts a validation and waits for its end.
#include "agent/api_client.hpp"
#include "agent/commands/all.hpp"
#include "agent/tell/colours.hpp"
#include "agent/tell/told.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace recoverd::agent {

namespace {

constexpr std::chrono::milliseconds kLookEvery{200};
/// A run shows once it is on disk.
constexpr int kLooksUntilSeen = 50;

struct Options {
    DaemonAddress daemon;
    std::string name;
};

void declare(Arguments& arguments, Options& options) {
    arguments.positional("NAME", options.name, "A validation of the configuration", true);
    declare_address(arguments, options.daemon);
}

/// The id of the run that was started; nothing when none was.
std::optional<std::string> start(const Options& options, Console& console) {
    io::JsonWriter body;
    body.begin_object().field("validation", options.name).end_object();
    const auto answer = ApiClient{options.daemon}.post("/api/v1/validate", body.take());
    if (!answer) {
        print_away(options.daemon, answer.error(), console);
        return std::nullopt;
    }
    if (answer->status == 202)
        return io::Json::parse(answer->body)["started"].text();
    fmt::print(console.err, "recoverd: the daemon at {} did not start '{}', with status {}\n", options.daemon.shown(),
               options.name, answer->status);
    for (const std::string& error : errors_in(*answer))
        fmt::print(console.err, "  {}\n", error);
    return std::nullopt;
}

void print_step(const io::Json& step, const Console& console) {
    const std::string& state = step["state"].text();
    const Grade grade = state == "passed" ? Grade::good : state == "failed" ? Grade::major : Grade::unknown;
    fmt::print(console.out, "{} {}{}\n", painted(fmt::format("{:<7}", state), colour_of(grade), console.colours),
               step["check"].text(), step["detail"] ? ": " + step["detail"].text() : "");
    std::fflush(console.out);
}

/// The run with this id, in what the daemon tells of the validation; nullptr before it shows, and once another one
/// followed it.
const io::Json* find_run(const io::Json& document, const std::string& name, const std::string& id) {
    for (const io::Json& validation : document["validations"].items())
        if (validation["name"].text() == name)
            for (const char* place : {"running", "last"})
                if (const io::Json& run = validation[place]; run && run["id"].text() == id)
                    return &run;
    return nullptr;
}

/// Prints each step once it is decided; returns how it ended, or nothing when the daemon tells no more of it.
std::optional<int> follow(const Options& options, const std::string& id, Console& console) {
    const ApiClient client{options.daemon};
    std::size_t printed = 0;
    bool seen = false;
    for (int unseen = 0; unseen < kLooksUntilSeen;) {
        const auto document = ask_daemon(client, "/api/v1/validations", console);
        if (!document)
            return std::nullopt;
        const io::Json* run = find_run(*document, options.name, id);
        if (!run && seen)
            break;
        if (!run) {
            ++unseen;
        } else {
            seen = true;
            const auto& steps = (*run)["steps"].items();
            for (; printed < steps.size() && steps[printed]["ended_at"]; ++printed)
                print_step(steps[printed], console);
            if ((*run)["aborted"])
                fmt::print(console.out, "given up: {}\n", (*run)["aborted"].text());
            if ((*run)["ended_at"])
                return (*run)["passed"].boolean() ? 0 : exit_code(Grade::major);
        }
        std::this_thread::sleep_for(kLookEvery);
    }
    fmt::print(console.err, "recoverd: the daemon at {} no longer tells of run '{}'\n", options.daemon.shown(), id);
    return std::nullopt;
}

int run(const Options& options, Console& console) {
    try {
        const auto id = start(options, console);
        return id ? follow(options, *id, console).value_or(exit_code(Grade::unknown)) : kFailed;
    } catch (const io::BadDocument& bad) {
        fmt::print(console.err, "recoverd: the daemon at {} does not speak our language: {}\n", options.daemon.shown(),
                   bad.what());
        return exit_code(Grade::unknown);
    }
}

} // namespace

Command validate_command() {
    return command<Options>("validate",
                            "Run a validation now and wait for it; exit 0 when every step passed, 2 when one did not",
                            declare, run);
}

} // namespace recoverd::agent
