// SPDX-License-Identifier: Apache-2.0
#include "agent/completions/all.hpp"
#include "agent/completions/model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

namespace recoverd::agent {

namespace {

using Kind = DeclaredArgument::Kind;

constexpr std::string_view kOpening = R"(#compdef recoverd
# zsh completion for recoverd. Generated from the tables of the program; `tools/accept-golden` writes it again.
)";

/// In single quotes, and without what _arguments and _describe would take for the end of a description.
std::string in_quotes(std::string_view text) {
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' ? std::string{"'\\''"} : std::string(1, c);
    return out + "'";
}

std::string described(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\')
            out += '\\';
        out += c;
    }
    return out;
}

std::string spec_of(const DeclaredArgument& argument) {
    const std::string help = described(argument.help);
    switch (argument.kind) {
    case Kind::flag:
        return in_quotes(fmt::format("--{}[{}]", argument.name, help));
    case Kind::option:
        return in_quotes(argument.choices.empty() ? fmt::format("--{}=[{}]:value:_files", argument.name, help)
                                                  : fmt::format("--{}=[{}]:value:({})", argument.name, help,
                                                                fmt::join(argument.choices, " ")));
    case Kind::repeated_option:
        return in_quotes(fmt::format("*--{}=[{}]:value:_files", argument.name, help));
    default:
        return {};
    }
}

/// What stands where a positional argument may.
std::string positional_spec(const CompletedCommand& command) {
    if (command.takes_command)
        return in_quotes("*:::command:_normal");
    if (command.takes_file)
        return in_quotes("*:file:_files");
    if (!command.words.empty())
        return in_quotes(fmt::format("*:name:({})", fmt::join(command.words, " ")));
    return {};
}

/// "_recoverd_config_check"
std::string function_of(std::string_view command) {
    std::string name = "_recoverd_" + std::string{command};
    std::ranges::replace(name, ' ', '_');
    return name;
}

std::string function(const CompletedCommand& command) {
    std::vector<std::string> specs;
    for (const DeclaredArgument& argument : command.arguments)
        if (argument.is_named())
            specs.push_back(spec_of(argument));
    if (const std::string positional = positional_spec(command); !positional.empty())
        specs.push_back(positional);
    // With -S nothing after `--` is taken for an option.
    return fmt::format("\n{}() {{\n    _arguments -S \\\n        {}\n}}\n", function_of(command.name),
                       fmt::join(specs, " \\\n        "));
}

/// Completes one of `words`, then hands over to the function of that word.
std::string dispatcher(std::string_view name, std::string_view prefix, const std::vector<CompletedGroup>& words,
                       std::string_view options) {
    std::string out = fmt::format("\n{}() {{\n    local state\n    local -a commands=(\n", name);
    for (const CompletedGroup& word : words)
        fmt::format_to(std::back_inserter(out), "        {}\n",
                       in_quotes(fmt::format("{}:{}", word.name, described(word.summary))));
    fmt::format_to(std::back_inserter(out),
                   "    )\n    _arguments -C {} '1: :->command' '*:: :->arguments'\n    case $state in\n"
                   "        command) _describe command commands ;;\n        arguments)\n"
                   "            case $words[1] in\n",
                   options);
    for (const CompletedGroup& word : words)
        fmt::format_to(std::back_inserter(out), "                {}) {} ;;\n", word.name,
                       function_of(std::string{prefix} + word.name));
    return out + "            esac ;;\n    esac\n}\n";
}

} // namespace

std::string zsh_completion() {
    const CompletionModel model = completion_model();
    std::string out{kOpening};
    for (const CompletedCommand& command : model.commands)
        out += function(command);
    for (const CompletedGroup& group : model.groups)
        out += dispatcher(function_of(group.name), group.name + " ", model.second_words(group.name),
                          "'--help[Tell what it takes]'");
    out += dispatcher("_recoverd", "", model.first_words(),
                      "'--help[Tell what it takes]' '--version[Tell what was built]'");
    return out + "\n_recoverd \"$@\"\n";
}

} // namespace recoverd::agent
