// SPDX-License-Identifier: Apache-2.0
// restic counts what it could not read among the repository's errors, and ends the same way: what it found and what it
// was refused are told apart by its lines. Their words are those of 0.14 to 0.19 (cmd/restic/cmd_check.go,
// internal/checker/checker.go; since 0.17 internal/repository/check.go).
#include "collectors/restic_check.hpp"

#include <algorithm>

namespace recoverd::collectors {

namespace {

constexpr std::string_view kErrors = "repository contains errors";

/// The first line of `text`, which begins with the second thereafter.
std::string_view take_line(std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    return line;
}

/// Does the check go no further, since it could not load an index? 0.14 says so at its end, and newer versions, which
/// end as if it were damage, by what they advise. Either does for whatever reason.
bool ended_at_index(std::string_view err) {
    return err.contains("Fatal: LoadIndex returned errors") ||
           err.contains("The repository index is damaged and must be repaired");
}

/// Only these reasons speak of bytes that restic had read: their hash is not the file's name, nobody who has the key
/// wrote them, or they are no document.
bool was_read(std::string_view line) {
    return line.contains(": invalid data returned") || line.contains(": ciphertext verification failed") ||
           line.contains("json: cannot unmarshal") || line.contains("unexpected end of JSON input") ||
           line.contains(": invalid character '");
}

bool names_an_index(std::string_view line) { return line.contains("error: error loading index "); }

bool names_a_damaged_index(std::string_view line) { return names_an_index(line) && was_read(line); }

/// In JSON since 0.18, where a wrapper asks for that.
std::string_view message_of(std::string_view line) {
    constexpr std::string_view kMessage = "\"message\":\"";
    const auto at = line.starts_with('{') ? line.find(kMessage) : std::string_view::npos;
    return at == std::string_view::npos ? line : line.substr(at + kMessage.size());
}

/// A snapshot, a pack, or the blob of a tree. Of a pack that was too short when it was read the size, which is compared
/// before, is wrong as well.
bool names_unread(std::string_view line) {
    if (line.starts_with("error: "))
        return !was_read(line);
    if (line.starts_with("pack ")) {
        // An index that makes no sense is told as if it were the reading.
        const bool senseless = line.contains("overlapping blobs") || line.contains("invalid blob length");
        return !senseless && (line.contains(" failed to download: ") ||
                              line.contains(" contains 1 errors: [partial download error: "));
    }
    // What was well when it was read again is well.
    return line.starts_with("download error: ") || line.starts_with("check successful on second attempt") ||
           line.starts_with("  ReadFull(");
}

/// Of the lines that do not name what is unread. What is wrong with a tree stands indented below it.
bool names_damage(std::string_view line, bool below_tree) {
    return line.starts_with("pack ") || line.starts_with("Pack ID does not match") || line.starts_with("error: ") ||
           (below_tree && line.starts_with("  "));
}

/// What seems to be wrong where the words are not known; neither that it tries again nor how it ended.
bool names_an_error(std::string_view line) {
    return (line.contains("pack ") || line.contains("rror")) && !line.starts_with("using temporary cache") &&
           !line.contains(" returned error, retrying after ") && !line.contains("Fatal: ");
}

/// Why the packs could not be listed, after which restic says of each that it does not exist; empty when they could.
std::string_view why_unlisted(std::string_view err) {
    const auto at = err.rfind("List(data) ");
    if (at == std::string_view::npos)
        return {};
    err.remove_prefix(at);
    const std::string_view last = take_line(err);
    if (last.starts_with("List(data) failed: "))
        return last;
    // Before 0.17 the reason stands below the last attempt but one. 0.14 does not say that an attempt was a success.
    const std::string_view next = take_line(err);
    return last.contains(" operation successful ") || next.starts_with("pack ") ? std::string_view{} : next;
}

ResticComplaints complaints_of(std::string_view err) {
    ResticComplaints first;
    const std::string_view unlisted = why_unlisted(err);
    bool below_tree = false;
    while (!err.empty()) {
        const std::string_view line = message_of(take_line(err));
        below_tree = below_tree || line.contains("error for tree ");
        const bool unseen = !unlisted.empty() && line.starts_with("pack ") && line.contains(": does not exist");
        if (unseen || names_unread(line)) {
            if (first.unread.empty())
                first.unread = unseen ? unlisted : line;
        } else if (first.damage.empty() && names_damage(line, below_tree)) {
            first.damage = line;
        }
    }
    return first;
}

} // namespace

std::string_view line_that(std::string_view text, bool (*wanted)(std::string_view)) {
    while (!text.empty())
        if (const std::string_view line = take_line(text); wanted(line))
            return line;
    return {};
}

ResticComplaints restic_complaints(std::string_view err) {
    if (ended_at_index(err))
        return {line_that(err, names_a_damaged_index), line_that(err, names_an_index)};
    if (!err.contains("Fatal: repository contains errors"))
        return {};
    ResticComplaints complaints = complaints_of(err);
    if (complaints.damage.empty() && complaints.unread.empty()) {
        const std::string_view named = line_that(err, names_an_error);
        complaints.damage = named.empty() ? kErrors : named;
    }
    return complaints;
}

} // namespace recoverd::collectors
