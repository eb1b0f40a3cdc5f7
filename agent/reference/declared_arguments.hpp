// SPDX-License-Identifier: Apache-2.0
// What a command declares of its arguments, written down instead of parsed: for the reference and for shells.
#pragma once

#include "agent/cli.hpp"

namespace recoverd::agent {

struct DeclaredArgument {
    enum class Kind : std::uint8_t { flag, option, repeated_option, positional, positionals, rest };

    Kind kind;
    /// Without dashes.
    std::string name;
    std::string help;
    /// Empty when there is none.
    std::string default_text;
    /// The only values allowed; empty for any.
    std::vector<std::string> choices;
    bool required = false;

    bool is_named() const { return kind <= Kind::repeated_option; }
    /// How people write it: "--scope node|cluster|all", "[NAME …]".
    std::string form() const;
};

std::vector<DeclaredArgument> arguments_of(const Command& command);

} // namespace recoverd::agent
