// SPDX-License-Identifier: Apache-2.0
// The frame of the command line: what a command declares of its arguments, where it prints, how it ends. The library
// that parses arguments stays behind cli.cpp; a command is one file in agent/commands/ and one line in all.cpp.
#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::agent {

/// sysexits(3): the arguments made no sense. Not 1 to 3, which `recoverd check` uses for what it found.
inline constexpr int kUsageError = 64;
inline constexpr int kFailed = 1;

/// Where a command prints, and what every command is told.
struct Console {
    std::FILE* out = stdout;
    std::FILE* err = stderr;
    /// Only on a terminal, and not with NO_COLOR.
    bool colours = false;
    /// `--config.file`
    std::string config_file = "/etc/recoverd/recoverd.toml";
};

/// Collects what a command understands. References must live as long as the command's action does.
class Arguments {
  public:
    virtual ~Arguments() = default;

    virtual void flag(std::string_view name, bool& to, std::string_view help) = 0;
    /// `choices`, when there are any, are the only values allowed.
    virtual void option(std::string_view name, std::string& to, std::string_view help,
                        std::vector<std::string> choices = {}) = 0;
    /// May be given several times; what stands in `to` is the default.
    virtual void options(std::string_view name, std::vector<std::string>& to, std::string_view help) = 0;
    virtual void positional(std::string_view name, std::string& to, std::string_view help, bool required = false) = 0;
    virtual void positionals(std::string_view name, std::vector<std::string>& to, std::string_view help) = 0;
    /// Everything after `--`, untouched. With `mistaken` it counts though what stands before it makes no sense: once
    /// the mistake was told the command's action runs with `mistaken` set, and may not rely on anything else.
    virtual void rest(std::vector<std::string>& to, std::string_view help, bool* mistaken = nullptr) = 0;
};

/// What runs once arguments are read; the answer is the exit code.
using Action = std::function<int(Console&)>;

struct Command {
    /// One word, or two for a command of a group: "config check".
    std::string_view name;
    std::string_view summary;
    /// Declares the arguments and returns what to do with them.
    std::function<Action(Arguments&)> declare;
};

/// The usual shape of a command: a struct of options, what declares them, and what runs.
template <class Options>
Command command(std::string_view name, std::string_view summary, void (*declare)(Arguments&, Options&),
                int (*run)(const Options&, Console&)) {
    return {name, summary, [declare, run](Arguments& arguments) -> Action {
                const auto options = std::make_shared<Options>();
                declare(arguments, *options);
                return [options, run](Console& console) { return run(*options, console); };
            }};
}

/// What the first word of commands of two is about.
std::string_view summary_of_group(std::string_view group);

/// Parses `arguments` (without the program's name) and runs the command they name.
int run_command_line(std::vector<std::string> arguments, std::span<const Command> commands, Console console);

} // namespace recoverd::agent
