// SPDX-License-Identifier: Apache-2.0
#include "collectors/git/refs.hpp"

#include "collectors/tool.hpp"
#include "core/config.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::git_parts {

namespace {

/// More are no repository that anybody works with.
constexpr std::size_t kMaxRefs = 1'000'000;
/// git's own limit is that of a file's path.
constexpr std::size_t kMaxName = 4'096;

bool is_oid(std::string_view text) {
    // SHA-1 or SHA-256.
    return (text.size() == 40 || text.size() == 64) &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

[[noreturn]] void bad(std::string_view line) {
    throw io::BadDocument(fmt::format("git ls-remote: expected an object and a ref, found '{}'", shown(line)));
}

/// 64-bit FNV-1a: a list of refs is compared with the one of the last run, not with one that somebody chose.
class Digest {
  public:
    void add(std::string_view text) {
        for (const char c : text)
            value_ = (value_ ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
        value_ = (value_ ^ 0xFFU) * 0x100000001B3U;
    }
    std::string text() const { return fmt::format("{:016x}", value_); }

  private:
    std::uint64_t value_ = 0xCBF29CE484222325U;
};

void read_line(std::string_view line, Refs& refs, std::span<const std::string> ignored) {
    const auto tab = line.find('\t');
    if (tab == std::string_view::npos || line.size() - tab > kMaxName)
        bad(line);
    const std::string_view object = line.substr(0, tab);
    const std::string_view name = line.substr(tab + 1);
    constexpr std::string_view kSymbolic = "ref: ";
    if (object.starts_with(kSymbolic)) {
        if (name == "HEAD")
            refs.head = object.substr(kSymbolic.size());
        return;
    }
    if (!is_oid(object))
        bad(line);
    if (name == "HEAD")
        refs.head_oid = object;
    else if (!name.starts_with("refs/"))
        bad(line);
    else if (!name.ends_with("^{}") &&
             std::ranges::none_of(ignored, [&](const std::string& glob) { return core::glob_matches(glob, name); }))
        refs.all.push_back({std::string{name}, std::string{object}});
    if (refs.all.size() > kMaxRefs)
        throw io::BadDocument(fmt::format("git ls-remote: expected at most {} refs, found more", kMaxRefs));
}

} // namespace

const std::string* Refs::find(std::string_view name) const {
    const auto at = std::ranges::lower_bound(all, name, std::less<>{}, &Ref::name);
    return at != all.end() && at->name == name ? &at->oid : nullptr;
}

bool Refs::holds(std::string_view oid) const { return std::ranges::find(all, oid, &Ref::oid) != all.end(); }

std::string Refs::digest() const {
    Digest digest;
    for (const Ref& ref : all) {
        digest.add(ref.name);
        digest.add(ref.oid);
    }
    return digest.text();
}

Refs read_refs(std::string_view listed, std::span<const std::string> ignored) {
    Refs refs;
    while (!listed.empty()) {
        const auto end = listed.find('\n');
        if (end == std::string_view::npos)
            throw io::BadDocument("git ls-remote: expected whole lines, found one that is cut off");
        read_line(listed.substr(0, end), refs, ignored);
        listed.remove_prefix(end + 1);
    }
    if (!std::ranges::is_sorted(refs.all, {}, &Ref::name))
        std::ranges::sort(refs.all, {}, &Ref::name);
    const auto twice = std::ranges::adjacent_find(refs.all, {}, &Ref::name);
    if (twice != refs.all.end())
        throw io::BadDocument(
            fmt::format("git ls-remote: expected each ref once, found '{}' twice", shown(twice->name)));
    if (!refs.head.empty() && refs.head_oid.empty())
        refs.head.clear();
    return refs;
}

std::vector<Difference> differences(const Refs& origin, const Refs& copy) {
    std::vector<Difference> found;
    auto at = copy.all.begin();
    for (const Ref& ref : origin.all) {
        while (at != copy.all.end() && at->name < ref.name)
            ++at;
        const bool there = at != copy.all.end() && at->name == ref.name;
        if (!there || at->oid != ref.oid)
            found.push_back({ref.name, ref.oid, there ? at->oid : std::string{}});
    }
    return found;
}

std::string in_words(const std::vector<Difference>& differences) {
    if (differences.empty())
        return "no ref";
    std::string words = shown(differences.front().name);
    if (differences.size() > 1)
        words += fmt::format(" and {} other{}", differences.size() - 1, differences.size() == 2 ? "" : "s");
    return words;
}

} // namespace recoverd::collectors::git_parts
