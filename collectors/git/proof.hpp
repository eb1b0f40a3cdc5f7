// SPDX-License-Identifier: Apache-2.0
// The proof of a repository by use: a clone of all its refs into a scratch folder, every object in it read by fsck.
// `git bundle verify`, `fsck --connectivity-only` and `rev-parse HEAD` pass where the data is damaged or not there.
#pragma once

#include "collectors/git/call.hpp"
#include "collectors/git/protect.hpp"
#include "collectors/git/words.hpp"

namespace recoverd::collectors::git_parts {

struct ProofPlan {
    std::string url;
    Source source = Source::remote;
    /// Folder for the scratch folder.
    std::string scratch;
    /// The clone's pack may be so large.
    std::uint64_t max_size = 0;
    /// The folder of the LFS objects; empty when it is not told.
    std::string lfs;
    bool lfs_matters = true;
    std::vector<std::string> ignored;
    std::vector<Question> questions;
};

struct Proved {
    /// What was found; without `tried_at` and `tried`.
    Proof proof;
    std::vector<std::pair<Question, bool>> answers;
};

/// What of LFS objects the pointers name and `listed` (paths, each ended by a zero byte) does not hold. `pointers` is
/// what `git grep -z` printed. For tests and fuzzers.
struct LfsObjects {
    std::uint64_t pointers = 0;
    std::uint64_t missing = 0;
    /// The first file without its object.
    std::string first;
};
LfsObjects compare_lfs(std::string_view pointers, std::string_view listed);

/// `before` is what was known: a clone that comes to no end takes nothing from it.
Task<Proved> prove(Caller caller, ProofPlan plan, Proof before);

} // namespace recoverd::collectors::git_parts
