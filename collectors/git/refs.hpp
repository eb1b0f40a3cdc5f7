// SPDX-License-Identifier: Apache-2.0
// The refs of a repository, as `git ls-remote --symref` lists them, and what a copy lacks of them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::collectors::git_parts {

struct Ref {
    std::string name;
    std::string oid;

    bool operator==(const Ref&) const = default;
};

struct Refs {
    /// The branch that HEAD names; empty when HEAD names a commit, a branch that is not there, or was not told.
    std::string head;
    std::string head_oid;
    /// By name, each once; HEAD and peeled tags (^{}) are not among them.
    std::vector<Ref> all;

    /// The object that a ref names, or nullptr.
    const std::string* find(std::string_view name) const;
    bool holds(std::string_view oid) const;
    /// Equal for equal refs, HEAD aside.
    std::string digest() const;
};

/// Throws io::BadDocument for what is no such list. Refs that one of the globs in `ignored` matches are left out.
Refs read_refs(std::string_view listed, std::span<const std::string> ignored);

/// A ref of the origin that a copy does not have, or has elsewhere.
struct Difference {
    std::string name;
    std::string origin;
    /// Empty when it is not there.
    std::string copy;
};
std::vector<Difference> differences(const Refs& origin, const Refs& copy);

/// "refs/heads/main and 4 others".
std::string in_words(const std::vector<Difference>& differences);

} // namespace recoverd::collectors::git_parts
