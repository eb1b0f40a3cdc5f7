// SPDX-License-Identifier: Apache-2.0
// Refs whose history may grow and not go: a mirror takes over a forced push and a deleted branch like anything else.
#pragma once

#include "collectors/git/state.hpp"
#include "core/evidence.hpp"

namespace recoverd::collectors::git_parts {

/// Does the history of `tip` hold `anchor`? Only who has the objects can tell.
struct Question {
    std::string ref;
    std::string anchor;
    std::string tip;

    bool operator==(const Question&) const = default;
};

/// Takes note of what the names alone tell, and asks the rest. `globs` name the refs, "HEAD" the branch that it names;
/// `copy` is where the objects are (nullptr: the origin itself). Throws io::BadDocument for too many refs.
std::vector<Question> watch(State& state, const Refs& origin, const Refs* copy, std::span<const std::string> globs,
                            Time now);
void answer(State& state, const Question& question, bool holds, Time now);

/// That nothing was lost; unknown where nothing is known to be, and `open` are questions that nobody answered.
core::Assertion nothing_lost(const State& state, const Refs* copy, std::span<const Question> open);

} // namespace recoverd::collectors::git_parts
