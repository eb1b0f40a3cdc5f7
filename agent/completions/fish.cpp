// SPDX-License-Identifier: Apache-2.0
#include "agent/completions/all.hpp"
#include "agent/completions/model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>

namespace recoverd::agent {

namespace {

using Kind = DeclaredArgument::Kind;

constexpr std::string_view kOpening =
    R"(# fish completion for recoverd. Generated from the tables of the program; `tools/accept-golden` writes it again.

# Whether this is the command that was typed so far: "", "run", "config", "config check".
function __recoverd_is
    set -l command
    for word in (commandline -opc)[2..]
        switch "$command:$word"
)";

constexpr std::string_view kAfterOpening = R"(        end
    end
    test "$command" = "$argv"
end

complete -c recoverd -f
)";

/// In single quotes, as fish reads them.
std::string in_quotes(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\')
            out += '\\';
        out += c;
    }
    return out + "'";
}

std::string condition(std::string_view command) { return in_quotes(fmt::format("__recoverd_is {}", command)); }

std::string word_line(std::string_view before, const CompletedGroup& word) {
    return fmt::format("complete -c recoverd -n {} -a {} -d {}\n", condition(before), word.name,
                       in_quotes(word.summary));
}

std::string argument_line(const CompletedCommand& command, const DeclaredArgument& argument) {
    std::string value;
    if (!argument.choices.empty())
        value = fmt::format(" -x -a {}", in_quotes(fmt::format("{}", fmt::join(argument.choices, " "))));
    else if (argument.kind != Kind::flag)
        value = " -r -F";
    return fmt::format("complete -c recoverd -n {} -l {}{} -d {}\n", condition(command.name), argument.name, value,
                       in_quotes(argument.help));
}

std::string lines_of(const CompletedCommand& command) {
    std::string out;
    for (const DeclaredArgument& argument : command.arguments)
        if (argument.is_named())
            out += argument_line(command, argument);
    if (!command.words.empty())
        fmt::format_to(std::back_inserter(out), "complete -c recoverd -n {} -a {}\n", condition(command.name),
                       in_quotes(fmt::format("{}", fmt::join(command.words, " "))));
    if (command.takes_file || command.takes_command)
        fmt::format_to(std::back_inserter(out), "complete -c recoverd -n {} -F\n", condition(command.name));
    return out;
}

} // namespace

std::string fish_completion() {
    const CompletionModel model = completion_model();
    std::string out{kOpening};
    for (const CompletedGroup& word : model.first_words())
        fmt::format_to(std::back_inserter(out), "            case ':{0}'\n                set command {0}\n",
                       word.name);
    for (const CompletedGroup& group : model.groups)
        for (const CompletedGroup& word : model.second_words(group.name))
            fmt::format_to(std::back_inserter(out),
                           "            case '{0}:{1}'\n                set command '{0} {1}'\n", group.name,
                           word.name);
    out += kAfterOpening;
    out += "complete -c recoverd -n '__recoverd_is' -l help -d 'Tell what it takes'\n"
           "complete -c recoverd -n '__recoverd_is' -l version -d 'Tell what was built'\n";
    for (const CompletedGroup& word : model.first_words())
        out += word_line("", word);
    for (const CompletedGroup& group : model.groups)
        for (const CompletedGroup& word : model.second_words(group.name))
            out += word_line(group.name, word);
    for (const CompletedCommand& command : model.commands)
        out += lines_of(command);
    return out;
}

} // namespace recoverd::agent
