// SPDX-License-Identifier: Apache-2.0
// The pieces of interpret_validation, one per file beside this one. Nobody else includes it.
#pragma once

#include "collectors/pg_rows.hpp"
#include "collectors/postgresql_validation.hpp"
#include "collectors/postgresql_validation/cursor.hpp"
#include "collectors/postgresql_validation/facts.hpp"
#include "core/evidence.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace recoverd::collectors::validation {

// --- the second round ------------------------------------------------------------------------------------------

enum class What : std::uint8_t { position, table, part, orphans, canary };

/// How much of an item a run reads.
enum class Reach : std::uint8_t { none, some, whole };

/// What takes turns, since the budget of a run may not suffice for all of it.
struct Item {
    What what = What::table;
    /// Index into the facts.
    std::size_t at = 0;
    /// Who it is from run to run.
    std::string key;
    /// Why it is never read.
    std::string hindrance;
    /// Bytes that its turn takes.
    std::uint64_t cost = 0;
    Reach reach = Reach::none;
    /// Of a heap: where this run begins, how many blocks it reads, and how many there are.
    std::uint64_t first_block = 0;
    std::uint64_t blocks = 0;
    std::uint64_t all_blocks = 0;
};
/// Those of one run, the one whose turn it is at the front. `theirs` are facts of the primary, if there are any.
std::vector<Item> take_turns(const ValidationExpected& expected, const Facts& ours, const std::optional<Facts>& theirs,
                             const Cursor& cursor, core::Time now);
const Item& item_of(const std::vector<Item>& turns, What what, std::size_t at);
/// Facts of the primary, if it told any.
std::optional<Facts> facts_of_primary(const ValidationExpected& expected, const ValidationLooked& looked);

struct Step {
    What what = What::position;
    /// Index into the facts.
    std::size_t at = 0;
    std::string sql;
};
std::vector<Step> plan(const ValidationExpected& expected, ValidationSide side, const Facts& facts,
                       const std::vector<Item>& turns, const Cursor& cursor, core::Time now);
/// Which share of a table holds what may be sampled of it, and which one it is.
Cursor::Sample sample_of(const ValidationExpected& expected, const KeyFacts& key, const Cursor& cursor, core::Time now);

/// The SQLSTATE of a statement that its timeout ended, or somebody who cancelled it.
inline constexpr std::string_view kTimedOut = "57014";

/// The answer to one step: a row, or why there is none.
struct Answer {
    std::optional<Row> row;
    std::string sqlstate;
    std::string error;
};
/// Of the step for `what` and `at`; its `error` says so where it was not planned or all of it failed.
Answer answer_of(const std::vector<Step>& steps, const core::Result<io::PgAnswer>& answers, What what, std::size_t at);
/// Whose turn is first in the next run.
std::string next_turn(const std::vector<Item>& turns, const std::vector<Step>& steps,
                      const core::Result<io::PgAnswer>& answers);

/// What the second server says of the same things.
struct Primary {
    Facts facts;
    std::vector<Step> steps;
    const core::Result<io::PgAnswer>& before;
    const core::Result<io::PgAnswer>& after;
};

struct Looking {
    const ValidationExpected& expected;
    const ValidationLooked& looked;
    const Facts& facts;
    const std::vector<Step>& steps;
    /// Or why nothing is compared.
    const core::Result<Primary>& primary;
    const std::vector<Item>& turns;
    Cursor& cursor;
    core::Time now;
    /// By subject: how old the oldest is that is told of it.
    std::map<std::string, core::Duration>& ages;
};

/// Subject `name` among those of `seen`; made when it is not there yet.
core::SubjectReport& subject(core::Seen& seen, std::string_view name);
void expect(core::SubjectReport& report, core::Assertion assertion);

/// Did the server find damage (corrupted data or index, an error of its files), or could it just not look?
bool is_damage(const Answer& answer);
/// What was remembered, less what was read of another server than this one.
Cursor cursor_of(std::string_view text, const Server& server);

/// May what was learned at `at` still be told? Then its age counts for `name`.
bool is_fresh(const Looking& looking, std::string_view name, core::Time at);
/// In words: since when nothing was learned, and which option to raise, or that it is as old as that.
std::string too_old(core::Time at, std::string_view option);
std::string as_of(core::Time at);
inline constexpr std::string_view kNotReached = "no run's budget has reached it yet; raise `run_budget`";

/// Tells of subject `name` what `learn` makes of this run's answer, or what is remembered of an earlier one. `wanted`
/// is what is expected of it first, and unknown where nothing is known.
using Learn = void (*)(const Looking& looking, const Item& item, core::SubjectReport& report);
void add_item(const Looking& looking, const Item& item, std::string_view name, core::Assertion wanted, Learn learn,
              core::Seen& seen);

void add_checksums(const Looking& looking, core::Seen& seen);
void add_relations(const Looking& looking, core::Seen& seen);
void add_keys(const Looking& looking, core::Seen& seen);
void add_tables(const Looking& looking, core::Seen& seen);
void add_canary(const Looking& looking, core::Seen& seen);

} // namespace recoverd::collectors::validation
