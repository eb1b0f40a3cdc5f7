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
    R"(# bash completion for recoverd. Generated from the tables of the program; `tools/accept-golden` writes it again.

_recoverd() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command= i
    COMPREPLY=()
    # `--output=json` is three words here.
    if [[ $current == "=" ]]; then
        current=
    elif [[ $previous == "=" ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    for ((i = 1; i < COMP_CWORD; ++i)); do
        case "$command:${COMP_WORDS[i]}" in
)";

constexpr std::string_view kClosing = R"(    esac
    if [[ $current == -* ]]; then
        words=$options
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

# Where nothing is known, files are what is meant.
complete -o default -F _recoverd recoverd
)";

std::vector<std::string> names_of(const std::vector<CompletedGroup>& words) {
    std::vector<std::string> names;
    for (const CompletedGroup& word : words)
        names.push_back(word.name);
    return names;
}

std::string first_word_pattern(const CompletionModel& model) {
    std::vector<std::string> patterns;
    for (const CompletedGroup& word : model.first_words())
        patterns.push_back(":" + word.name);
    return fmt::format("            {}) command=${{COMP_WORDS[i]}} ;;\n", fmt::join(patterns, " | "));
}

std::string second_word_pattern(const CompletionModel& model, const CompletedGroup& group) {
    std::vector<std::string> patterns;
    for (const CompletedGroup& word : model.second_words(group.name))
        patterns.push_back(fmt::format("{}:{}", group.name, word.name));
    return fmt::format("            {}) command+=\" ${{COMP_WORDS[i]}}\" ;;\n", fmt::join(patterns, " | "));
}

/// After `--` comes a command, and then what that takes.
std::string after_dashes(const CompletedCommand& command) {
    return fmt::format("            {}:--)\n"
                       "                if ((i == COMP_CWORD - 1)); then\n"
                       "                    mapfile -t COMPREPLY < <(compgen -c -- \"$current\")\n"
                       "                fi\n"
                       "                return ;;\n",
                       command.name);
}

std::string case_of(const CompletedCommand& command) {
    std::vector<std::string> options;
    std::vector<std::string> free_values;
    std::string choices;
    for (const DeclaredArgument& argument : command.arguments) {
        if (!argument.is_named())
            continue;
        options.push_back("--" + argument.name);
        if (!argument.choices.empty())
            choices += fmt::format("                --{}) options= words=\"{}\" ;;\n", argument.name,
                                   fmt::join(argument.choices, " "));
        else if (argument.kind != Kind::flag)
            free_values.push_back(options.back());
    }
    return fmt::format("        \"{}\")\n"
                       "            options=\"{}\"\n"
                       "            words=\"{}\"\n"
                       "            case $previous in\n"
                       "{}"
                       "                {}) return ;;\n"
                       "            esac ;;\n",
                       command.name, fmt::join(options, " "), fmt::join(command.words, " "), choices,
                       fmt::join(free_values, " | "));
}

} // namespace

std::string bash_completion() {
    const CompletionModel model = completion_model();
    std::string out{kOpening};
    out += first_word_pattern(model);
    for (const CompletedGroup& group : model.groups)
        out += second_word_pattern(model, group);
    for (const CompletedCommand& command : model.commands)
        if (command.takes_command)
            out += after_dashes(command);
    out += "        esac\n    done\n    local options=\"--help\" words=\n    case $command in\n";
    fmt::format_to(std::back_inserter(out),
                   "        \"\")\n            options=\"--help --version\"\n            words=\"{}\" ;;\n",
                   fmt::join(names_of(model.first_words()), " "));
    for (const CompletedGroup& group : model.groups)
        fmt::format_to(std::back_inserter(out), "        {}) words=\"{}\" ;;\n", group.name,
                       fmt::join(names_of(model.second_words(group.name)), " "));
    for (const CompletedCommand& command : model.commands)
        out += case_of(command);
    return out + std::string{kClosing};
}

} // namespace recoverd::agent
