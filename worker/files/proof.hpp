// SPDX-License-Identifier: Apache-2.0
// How far a backup is proven by looking at it: its table of contents, its checksums. Reads within a budget, and
// never claims more than was read.
#pragma once

#include "core/evidence.hpp"
#include "worker/files/clock.hpp"
#include "worker/files/options.hpp"
#include "worker/files/walk.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace recoverd::worker::files {

/// How much one run may read, and until when.
class Budget {
  public:
    Budget(std::uint64_t bytes, core::Time until, const Clock& clock) : left_(bytes), until_(until), clock_(clock) {}

    bool allows(std::uint64_t bytes) const { return bytes <= left_ && !late(); }
    void spend(std::uint64_t bytes) { left_ -= std::min(bytes, left_); }
    bool late() const { return clock_.now() >= until_; }
    core::Time now() const { return clock_.now(); }
    core::Duration time_left() const { return until_ - clock_.now(); }

  private:
    std::uint64_t left_;
    core::Time until_;
    const Clock& clock_;
};

struct Proof {
    core::Depth depth = core::Depth::exists;
    core::PointState state = core::PointState::good;
    /// Why it is bad.
    std::string detail;
    /// False when the budget ended first, or somebody wrote meanwhile: then nothing is said.
    bool finished = true;
    /// True when it could not be read to its end: the next attempt may see more.
    bool unreadable = false;

    bool operator==(const Proof&) const = default;
};

inline Proof bad(std::string detail) { return {core::Depth::exists, core::PointState::bad, std::move(detail), true}; }
inline Proof unreadable(std::string detail) {
    return {core::Depth::exists, core::PointState::bad, std::move(detail), true, true};
}
/// For us it may not be read: nobody but its owner knows more.
inline Proof not_proven(const std::string& why) {
    return {core::Depth::exists, core::PointState::good, "not proven: " + why, true};
}
inline Proof unfinished() { return {core::Depth::exists, core::PointState::good, {}, false}; }

/// A checksum that somebody wrote down beside a file.
struct Checksum {
    /// sha256, sha512, sha1 or md5.
    std::string algorithm;
    /// Lower-case hex.
    std::string hex;
    /// The file that says so, and when it was written (nanoseconds since 1970).
    std::string from;
    std::int64_t written = 0;
};

/// Finds checksums in NAME.sha256 (.sha512, .sha1, .md5) or SHA256SUMS (SHA512SUMS, SHA1SUMS, MD5SUMS) of the same
/// folder. Remembers the latter, so that a folder's list is read once.
class Checksums {
  public:
    std::optional<Checksum> of(const std::string& folder, const std::string& name);

  private:
    struct List {
        std::map<std::string, Checksum, std::less<>> by_name;
    };
    std::map<std::string, List, std::less<>> folders_;
};

/// The checksum for `name` in a document as sha256sum (with or without name) or BSD's tools write it.
std::map<std::string, std::string, std::less<>> parse_checksums(std::string_view text, std::size_t hex_digits);

/// Proves `path` as far as `asked` (listed or checksummed) and its budget allow: gzip, zstd, xz, bzip2, tar, zip,
/// pg_dump, SQLite, SQL text, or anything with a checksum beside it. `of_kind` where all are of one kind.
Proof prove(const std::string& path, const File& file, core::Depth asked, const std::optional<Checksum>& checksum,
            Budget& budget, ProveKind of_kind = nullptr);

} // namespace recoverd::worker::files
