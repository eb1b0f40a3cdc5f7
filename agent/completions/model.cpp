// SPDX-License-Identifier: Apache-2.0
#include "agent/completions/model.hpp"

#include "agent/commands/all.hpp"
#include "collectors/all.hpp"
#include "core/rules/table.hpp"

#include <algorithm>

namespace recoverd::agent {

namespace {

using Kind = DeclaredArgument::Kind;

/// What a positional argument can be, as far as tables know.
std::vector<std::string> words_of(std::string_view command) {
    std::vector<std::string> words;
    if (command == "collectors")
        for (const auto& kind : collectors::all())
            words.emplace_back(kind.name);
    if (command == "explain")
        for (const core::Rule& rule : core::rules())
            words.emplace_back(rule.name);
    if (command == "test-alert")
        for (const std::string_view priority : core::Names<core::Priority>::values)
            words.emplace_back(priority);
    return words;
}

CompletedCommand completed(const Command& command) {
    CompletedCommand out{.name = std::string{command.name}, .summary = std::string{command.summary}};
    out.arguments = {{Kind::flag, "help", "Tell what it takes", {}, {}, false},
                     {Kind::option, "config.file", "The configuration to read", Console{}.config_file, {}, false}};
    for (DeclaredArgument& argument : arguments_of(command)) {
        out.takes_file = out.takes_file || argument.name == "FILE";
        out.takes_command = out.takes_command || argument.kind == Kind::rest;
        out.arguments.push_back(std::move(argument));
    }
    out.words = words_of(command.name);
    return out;
}

} // namespace

CompletionModel completion_model() {
    CompletionModel model;
    for (const Command& command : all_commands())
        model.commands.push_back(completed(command));
    for (const CompletedGroup& word : model.first_words())
        if (!model.second_words(word.name).empty())
            model.groups.push_back(word);
    return model;
}

std::vector<CompletedGroup> CompletionModel::first_words() const {
    std::vector<CompletedGroup> words;
    for (const CompletedCommand& command : commands) {
        const auto space = command.name.find(' ');
        const std::string group = command.name.substr(0, space);
        if (space == std::string::npos)
            words.push_back({command.name, command.summary});
        else if (std::ranges::find(words, group, &CompletedGroup::name) == words.end())
            words.push_back({group, std::string{summary_of_group(group)}});
    }
    return words;
}

std::vector<CompletedGroup> CompletionModel::second_words(std::string_view group) const {
    std::vector<CompletedGroup> words;
    for (const CompletedCommand& command : commands)
        if (command.name.starts_with(std::string{group} + ' '))
            words.push_back({command.name.substr(group.size() + 1), command.summary});
    return words;
}

} // namespace recoverd::agent
