// SPDX-License-Identifier: Apache-2.0
// What the `postgresql_validation` collector asks servers, and what the answers mean. Pure: tests feed it answers.
//
// Two rounds. The first (`validation_facts`) reads catalogues alone: what is there, how large it is, what this role may
// do. The second (`validation_statements`) asks what the first one showed to be possible within the budget, so that no
// look fills the server's log with errors; what is not asked is unknown, with the reason.
#pragma once

#include "core/report.hpp"
#include "io/postgres.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::collectors {

/// What the configuration says.
struct ValidationExpected {
    /// All "schema.table". Those whose rows are counted, hashed to be compared, and hashed because they never change.
    std::vector<std::string> tables;
    std::vector<std::string> hashed;
    std::vector<std::string> frozen;
    /// "schema.table" or "schema.index" of B-trees.
    std::vector<std::string> amcheck;
    /// "schema.table.constraint".
    std::vector<std::string> foreign_keys;
    /// The schema that holds the canary; empty for none.
    std::string canary;
    /// Whose row it is in there: the check's name.
    std::string name;
    /// The largest relation, in bytes, that is read whole; and what amcheck reads of one heap in a run.
    std::uint64_t budget = std::uint64_t{256} << 20U;
    /// All that one run reads, in bytes, on both servers; what it does not reach has its turn in the next ones.
    std::uint64_t run_budget = std::uint64_t{1} << 30U;
    /// How old what was learned in an earlier run may be.
    core::Duration fresh_within = core::kDay;
    /// The most rows of a table that are sampled.
    std::uint64_t max_rows = 10'000;
    /// Shares of a table's rows.
    double shrink_at_most = 0.1;
    double differ_at_most = 0.01;
    /// Is there a second server?
    bool compares = false;
};

/// Which server a question goes to: ours, or the primary it is compared with.
enum class ValidationSide : std::uint8_t { own, primary };

/// First round.
std::vector<std::string> validation_facts(const ValidationExpected& expected, ValidationSide side);
/// Reads, writes and reads the canary; nothing where it may or can not be written.
std::vector<std::string> canary_statements(const ValidationExpected& expected, const io::PgAnswer& answer);

/// Where a primary's log ended for the snapshot of `answer` (to validation_statements), and what a standby has replayed
/// by its `facts`. Nothing: it is none.
std::optional<std::uint64_t> written_until(const io::PgAnswer& answer);
std::optional<std::uint64_t> replayed_until(const io::PgAnswer& facts);

/// All that was answered.
struct ValidationLooked {
    io::PgAnswer facts;
    core::Result<io::PgAnswer> own;
    /// Nothing: not asked.
    std::optional<core::Result<io::PgAnswer>> canary;
    core::Duration canary_took{0};
    /// Of the primary: its facts, then the same statements before and after ours. Nothing without a second server.
    std::optional<core::Result<io::PgAnswer>> primary_facts;
    std::optional<core::Result<io::PgAnswer>> before;
    std::optional<core::Result<io::PgAnswer>> after;
    /// Facts of ours that were asked again until it had replayed what `before` saw.
    std::optional<io::PgAnswer> caught_up;
};

/// Second round, in one snapshot; what the first one told stands in `looked`, `cursor` and `now` are those of the run.
std::vector<std::string> validation_statements(const ValidationExpected& expected, ValidationSide side,
                                               const ValidationLooked& looked, std::string_view cursor, core::Time now);

/// What it all says. `cursor` is what the last call left in `Seen::cursor`, or empty. Throws io::BadDocument for
/// answers that are not those to the statements above.
core::Seen interpret_validation(const ValidationExpected& expected, const ValidationLooked& looked,
                                std::string_view cursor, core::Time now);

} // namespace recoverd::collectors
