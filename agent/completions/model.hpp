// SPDX-License-Identifier: Apache-2.0
// What can be typed, as the completions of all shells need it.
#pragma once

#include "agent/reference/declared_arguments.hpp"

namespace recoverd::agent {

struct CompletedCommand {
    /// One word, or two: "config check".
    std::string name;
    std::string summary;
    /// `--help` and `--config.file` included.
    std::vector<DeclaredArgument> arguments;
    /// What its positional argument can be, where that is known: the collectors of `collectors`.
    std::vector<std::string> words;
    /// Its positional argument is a file.
    bool takes_file = false;
    /// It runs what stands after `--`.
    bool takes_command = false;
};

/// A first word with commands below it: "config".
struct CompletedGroup {
    std::string name;
    std::string summary;
};

struct CompletionModel {
    std::vector<CompletedCommand> commands;
    std::vector<CompletedGroup> groups;

    /// What can come first: commands of one word, and groups, in the order of `recoverd --help`.
    std::vector<CompletedGroup> first_words() const;
    /// What can come after a group's name.
    std::vector<CompletedGroup> second_words(std::string_view group) const;
};

CompletionModel completion_model();

} // namespace recoverd::agent
