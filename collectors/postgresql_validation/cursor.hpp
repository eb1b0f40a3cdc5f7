// SPDX-License-Identifier: Apache-2.0
// What is remembered from run to run. Only for the files beside this one.
#pragma once

#include "collectors/checksum_failures.hpp"
#include "core/evidence.hpp"
#include "core/time.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::collectors::validation {

struct Cursor {
    /// Of a table: the most rows within a day, and when they were seen.
    struct Peak {
        std::uint64_t rows = 0;
        core::Time at;
        bool operator==(const Peak&) const = default;
    };
    std::map<std::string, Peak, std::less<>> peaks;
    /// Of a constraint with orphans: the sample that held some, which is looked at until it holds none.
    struct Sample {
        std::uint64_t seed = 0;
        double percent = 100;
        bool operator==(const Sample&) const = default;
    };
    std::map<std::string, Sample, std::less<>> samples;
    /// The canary's newest row that was committed and read back, and when by the server's clock.
    std::uint64_t canary = 0;
    double canary_at = 0;
    /// When the first of its rows was written that anybody saw and that is not lost.
    std::optional<double> first_at;
    /// What was lost of it, all in all until somebody forgets; of the seconds nothing where that is not known.
    std::uint64_t lost_rows = 0;
    std::optional<double> lost_seconds = 0;
    std::string lost_words;
    ChecksumFailures checksums;
    /// Whose files `kept` and `parts` tell of: the system's id, and when the server started.
    std::string server;
    /// What was last learned of a table or a constraint, by its item's key, for runs that do not reach it.
    struct Kept {
        core::Time at;
        std::vector<core::Evidence> evidence;
        bool operator==(const Kept&) const = default;
    };
    std::map<std::string, Kept, std::less<>> kept;
    /// The same of a part; of a heap, `at` is when the pass began that made it whole.
    struct Part {
        /// Empty: unknown.
        std::string actual;
        std::string detail;
        core::Time at;
        /// Of a heap: the block at which to go on, and when this pass began.
        std::uint64_t next = 0;
        core::Time began;
        /// Of a heap: how many blocks a statement may have time for, since one had not; 0: as many as the budget
        /// allows.
        std::uint64_t most = 0;
        bool operator==(const Part&) const = default;
    };
    std::map<std::string, Part, std::less<>> parts;
    /// The key of the item whose turn is first.
    std::string turn;

    bool operator==(const Cursor&) const = default;
};
/// An empty one for text that is no cursor.
Cursor read_cursor(std::string_view text);
std::string write_cursor(const Cursor& cursor);
/// Without what is accepted with these subjects: fewer rows of a table, orphans of a constraint; of "" what the canary
/// lost and checksums that failed. What one does not know of the others goes on.
std::string forget(std::string_view before, std::span<const std::string> subjects);

} // namespace recoverd::collectors::validation
