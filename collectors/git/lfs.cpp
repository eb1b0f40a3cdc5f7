// SPDX-License-Identifier: Apache-2.0
// A clone holds LFS pointers, small texts that name a digest; what they stand for is kept elsewhere, and git and its
// fsck know nothing of it. https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
#include "collectors/git/proof.hpp"

#include "collectors/tool.hpp"

#include <algorithm>
#include <unordered_set>

namespace recoverd::collectors::git_parts {

namespace {

/// The part up to a separator, which is taken from `rest` with it.
std::string_view take(std::string_view& rest, char separator) {
    const std::string_view part = rest.substr(0, rest.find(separator));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    return part;
}

} // namespace

LfsObjects compare_lfs(std::string_view pointers, std::string_view listed) {
    constexpr std::size_t kDigest = 64;
    std::unordered_set<std::string_view> there;
    while (!listed.empty()) {
        // ab/cd/abcd…
        const std::string_view path = take(listed, '\0');
        if (path.size() >= kDigest)
            there.insert(path.substr(path.size() - kDigest));
    }
    LfsObjects objects;
    std::unordered_set<std::string_view> named;
    while (!pointers.empty()) {
        std::string_view line = take(pointers, '\n');
        // HEAD:path, a zero byte, the line that matched.
        std::string_view file = take(line, '\0');
        constexpr std::string_view kOid = "oid sha256:";
        if (!line.starts_with(kOid) || line.size() != kOid.size() + kDigest)
            continue;
        const std::string_view digest = line.substr(kOid.size());
        if (!named.insert(digest).second)
            continue;
        ++objects.pointers;
        if (there.contains(digest))
            continue;
        if (objects.missing++ == 0)
            objects.first = shown(file.substr(std::min(file.size(), file.find(':') + 1)));
    }
    return objects;
}

} // namespace recoverd::collectors::git_parts
