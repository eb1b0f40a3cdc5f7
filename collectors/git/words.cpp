// SPDX-License-Identifier: Apache-2.0
// git has one status, 128, for whatever went wrong; only its words tell what.
#include "collectors/git/words.hpp"

#include "collectors/tool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace recoverd::collectors::git_parts {

namespace {

using Words = std::span<const std::string_view>;

bool says(std::string_view text, Words words) {
    return std::ranges::any_of(words, [&](std::string_view word) { return text.contains(word); });
}

constexpr std::array<std::string_view, 9> kUnreachable{
    "Could not resolve host", "Failed to connect",   "Connection refused", "Connection timed out", "No route to host",
    "Network is unreachable", "Operation timed out", "Connection reset",   "returned error: 5"};
constexpr std::array<std::string_view, 10> kRefused{
    "Authentication failed", "could not read Username",     "could not read Password", "Permission denied",
    "returned error: 401",   "returned error: 403",         "returned error: 429",     "dubious ownership",
    "access denied",         "Host key verification failed"};
constexpr std::array<std::string_view, 7> kMisconfigured{"does not appear to be a git repository",
                                                         "' not found",
                                                         "Repository not found",
                                                         "' does not exist",
                                                         "not a git repository",
                                                         "not allowed",
                                                         "Unable to find remote helper"};

constexpr std::array<std::string_view, 3> kNoRoom{"No space left on device", "File too large", "Disk quota exceeded"};

constexpr std::array<std::string_view, 13> kDamage{"possible repository corruption",
                                                   "inflate",
                                                   "bad object",
                                                   "is corrupt",
                                                   "checksum mismatch",
                                                   "hash mismatch",
                                                   "sha1 mismatch",
                                                   "SHA1 COLLISION",
                                                   "unable to read sha1 file",
                                                   "unresolved delta",
                                                   "missing blob",
                                                   "did not send all necessary objects",
                                                   "pack signature mismatch"};
/// A server that serves many says so in the middle of a push, too.
constexpr std::array<std::string_view, 2> kLocalDamage{"not our ref", "unable to read"};
/// Over a network these are a connection that broke.
constexpr std::array<std::string_view, 3> kBundleDamage{"early EOF", "does not look like a v2 or v3 bundle",
                                                        "prerequisite commits"};

bool passed_over(std::string_view line) {
    // fsck: "warning in tree 1: …", "notice: HEAD points to an unborn branch". Neither changes its status.
    return std::ranges::any_of(std::array<std::string_view, 4>{"warning:", "warning in ", "notice:", "hint:"},
                               [&](std::string_view word) { return line.starts_with(word); });
}

/// The lines of a text, without empty ones, warnings and what fsck only notes.
template <class Use>
void each_line(std::string_view text, Use use) {
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (!line.empty() && !passed_over(line))
            use(line);
    }
}

/// The line that says why: what follows is advice, and "Could not read from remote repository" says nothing.
std::string why(const std::string& err) {
    std::string_view first;
    std::string_view fatal;
    each_line(err, [&](std::string_view line) {
        if (first.empty())
            first = line;
        if (fatal.empty() && line.starts_with("fatal:"))
            fatal = line;
    });
    const bool empty_words = fatal.empty() || fatal.starts_with("fatal: Could not read from remote repository") ||
                             fatal.starts_with("fatal: remote transport reported error");
    return shown(empty_words ? first : fatal);
}

FailureKind kind_of(std::string_view err) {
    if (says(err, kUnreachable))
        return FailureKind::unreachable;
    if (says(err, kRefused))
        return FailureKind::refused;
    if (says(err, kMisconfigured))
        return FailureKind::misconfigured;
    return FailureKind::bad_answer;
}

bool is_malformed(std::string_view line) {
    return std::ranges::any_of(
        std::array<std::string_view, 4>{"commit", "tag", "tree", "blob"},
        [&](std::string_view type) { return line.starts_with(fmt::format("error in {} ", type)); });
}

} // namespace

std::optional<Failure> git_failure(const io::Finished& finished, std::string_view of) {
    if (finished.status == 0)
        return std::nullopt;
    Failure failure = tool_failure(finished, "git", kind_of(finished.err), why(finished.err), false);
    failure.detail = fmt::format("{}: {}", of, failure.detail);
    return failure;
}

std::optional<std::string> clone_errors(const io::Finished& finished, Source source) {
    // What stands in the name of a repository is no finding.
    if (!finished.status || *finished.status == 0 || says(finished.err, kNoRoom) ||
        kind_of(finished.err) != FailureKind::bad_answer)
        return std::nullopt;
    const bool damaged = says(finished.err, kDamage) ||
                         (source != Source::remote && says(finished.err, kLocalDamage)) ||
                         (source == Source::bundle && says(finished.err, kBundleDamage));
    if (!damaged)
        return std::nullopt;
    std::string words;
    each_line(finished.err, [&](std::string_view line) {
        const bool tells = says(line, kDamage) || says(line, kLocalDamage) || says(line, kBundleDamage);
        if (tells && words.empty())
            words = shown(line);
    });
    return fmt::format("git clone: {}", words);
}

std::optional<std::string> fsck_errors(const io::Finished& finished) {
    if (!finished.status || *finished.status == 0)
        return std::nullopt;
    std::string words;
    bool malformed = false;
    const auto look = [&](std::string_view line) {
        malformed = malformed || is_malformed(line);
        if (words.empty() && !is_malformed(line))
            words = shown(line);
    };
    each_line(finished.err, look);
    each_line(finished.out, look);
    if (*finished.status == 1 && malformed && words.empty())
        return std::nullopt;
    return fmt::format("git fsck: {}", words.empty() ? fmt::format("status {}", *finished.status) : words);
}

} // namespace recoverd::collectors::git_parts
