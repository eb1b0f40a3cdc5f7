// SPDX-License-Identifier: Apache-2.0
// What the files job is asked.
#pragma once

#include "core/evidence.hpp"
#include "io/json.hpp"
#include "worker/files/named_time.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace recoverd::worker::files {

class Source;
struct Proof;

/// Proves a file of a known kind by reading it from front to back.
using ProveKind = Proof (*)(Source& file);

struct Options {
    std::string path;
    std::uint64_t min_size = 0;
    /// How deep to prove: listed or checksummed; nothing for not at all.
    std::optional<core::Depth> verify;
    /// What the files are; nothing where each must tell by itself.
    ProveKind of_kind = nullptr;
    /// Bytes to read per run at most, for proofs.
    std::uint64_t verify_budget = std::uint64_t{4} << 30U;
    /// As long as this a file must have been left alone to count as finished.
    core::Duration settle{5'000};
    NameTime name_time = NameTime::local;
    /// No proof is begun or continued after this; what is left is for the next run.
    core::Duration time_limit{60'000};
    /// So much is looked at per run at most to add up folders, all of them together; besides, as much of what was
    /// never finished.
    std::size_t entries = 500'000;
    /// What the last run left.
    std::string cursor;
};

/// Throws io::BadDocument.
Options read_options(const io::Json& json);

} // namespace recoverd::worker::files
