// SPDX-License-Identifier: Apache-2.0
// What the last run saw: to notice what grows, and to read each file once. Travels as the check's cursor.
#pragma once

#include "worker/files/proof.hpp"
#include "worker/printable.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace recoverd::worker::files {

struct RememberedProof {
    core::Depth asked = core::Depth::exists;
    /// The checksum that stood beside it, shortened; a new one is a reason to look again.
    std::string checksum;
    Proof proof;

    bool operator==(const RememberedProof&) const = default;
};

struct RememberedFile {
    std::uint64_t size = 0;
    std::int64_t mtime = 0;
    std::optional<RememberedProof> proof;
    /// False for a folder that was not added up.
    bool size_known = true;

    bool operator==(const RememberedFile&) const = default;
};

struct Remembered {
    core::Time looked_at;
    /// Was there ever a series?
    bool any_series = false;
    /// By path, printable.
    std::map<std::string, RememberedFile, std::less<>> files;

    const RememberedFile* find(const std::string& path) const;
    bool operator==(const Remembered&) const = default;
};

/// A cursor that cannot be read counts as none: everything is looked at anew.
Remembered read_remembered(std::string_view cursor);
std::string write_remembered(const Remembered& remembered);

} // namespace recoverd::worker::files
