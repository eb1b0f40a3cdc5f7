// SPDX-License-Identifier: Apache-2.0
// What amcheck goes through: pages of tables by verify_heapam, which pg_amcheck calls as well, and B-trees. A large
// heap takes several runs, each of which goes on where the last one stopped; only a whole pass is told as sound.
#include "collectors/postgresql_validation/parts.hpp"

#include "io/json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::validation {

namespace {

using core::Assertion;
using core::Priority;

constexpr std::string_view kSound = "sound";
constexpr std::string_view kDamaged = "damaged";
/// The first PostgreSQL whose amcheck has verify_heapam.
constexpr int kVerifiesHeaps = 14;
/// Of what a server says of damage, in characters.
constexpr std::size_t kMostSaid = 400;

std::string cell(const Row& row, std::string_view column) { return row.text(column).value_or(""); }

/// Of text from rows, which nobody has made one line of yet.
std::string one_line(std::string text) {
    text.resize(std::min(text.size(), kMostSaid));
    std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
    return text;
}

std::string may_not_call(const Server& server, const std::string& schema, std::string_view function) {
    return fmt::format("{1} may not call it; GRANT EXECUTE ON FUNCTION {0}.{2} TO {1}", schema, server.user, function);
}

std::string hindrance_of_heap(const Server& server, const Row& row) {
    if (const std::string method = cell(row, "method"); method != "heap")
        return fmt::format("its access method is {}, and verify_heapam knows heaps only", method);
    if (!row.flag("verifies").value_or(false))
        return "amcheck is older than this server and has no verify_heapam; ALTER EXTENSION amcheck UPDATE";
    if (!row.flag("may_verify").value_or(false))
        return may_not_call(server, cell(row, "schema"),
                            "verify_heapam(regclass, boolean, boolean, text, bigint, bigint)");
    return "";
}

std::string hindrance_of_index(const ValidationExpected& expected, const Server& server, const Row& row) {
    if (!row.flag("may_check").value_or(false))
        return may_not_call(server, cell(row, "schema"), "bt_index_check(regclass)");
    if (!row.flag("valid").value_or(false))
        return "the index is not valid, so nothing uses it; REINDEX it";
    return beyond(row.natural("bytes").value_or(0), expected);
}

/// Both functions pass over what they cannot look at without a word.
std::string hindrance_of_storage(const Server& server, const Row& row) {
    const std::string persistence = cell(row, "persistence");
    if (persistence == "t")
        return "it is temporary, of a session of its own";
    if (persistence == "u" && server.in_recovery)
        return "it is unlogged, so that a standby has nothing of it";
    return "";
}

std::string hindrance_of_relation(const Row& row, bool index) {
    if (cell(row, "schema").empty())
        return "the extension is not installed; CREATE EXTENSION amcheck";
    if (const std::string kind = cell(row, "relkind"); kind == "p" || kind == "I")
        return "it is partitioned and has no pages of its own; name its partitions";
    if (index && cell(row, "method") != "btree")
        return "of indexes only B-trees can be checked";
    return "";
}

/// Its place among the parts.
std::size_t part_at(const ValidationExpected& expected, const Row& row, bool heap, Facts& facts) {
    const std::string name = cell(row, "name");
    const auto known = std::ranges::find(facts.parts, name, &PartFacts::name);
    if (known != facts.parts.end())
        return static_cast<std::size_t>(known - facts.parts.begin());
    PartFacts part{.name = name,
                   .oid = std::to_string(row.natural("oid").value_or(0)),
                   .schema = cell(row, "schema"),
                   .heap = heap,
                   .bytes = row.natural("bytes").value_or(0),
                   .hindrance = hindrance_of_storage(facts.server, row)};
    if (part.hindrance.empty())
        part.hindrance = heap ? hindrance_of_heap(facts.server, row) : hindrance_of_index(expected, facts.server, row);
    facts.parts.push_back(std::move(part));
    return facts.parts.size() - 1;
}

/// Of the indexes that come with a table: another kind, or one that nothing uses yet or any more.
bool is_passed_over(const Row& row) { return cell(row, "method") != "btree" || !row.flag("valid").value_or(false); }

} // namespace

void read_relation(const ValidationExpected& expected, std::string name, const io::PgTable& table, Facts& facts) {
    RelationFacts relation{.name = std::move(name)};
    relation.hindrance = !table.error.empty() ? table.error : table.rows.empty() ? "there is no such relation" : "";
    for (std::size_t i = 0; i < table.rows.size() && relation.hindrance.empty(); ++i) {
        const Row row(table, i);
        const std::string kind = cell(row, "relkind");
        const bool heap = kind == "r" || kind == "m" || kind == "t";
        const bool index = kind == "i" || kind == "I";
        if (i == 0) {
            relation.table = heap;
            relation.hindrance =
                heap || index || kind == "p" ? hindrance_of_relation(row, index) : "it is neither a table nor an index";
            if (!relation.hindrance.empty())
                break;
        } else if (!heap && is_passed_over(row)) {
            continue;
        }
        if (!heap || facts.server.version >= kVerifiesHeaps)
            relation.parts.push_back(part_at(expected, row, heap, facts));
    }
    facts.relations.push_back(std::move(relation));
}

namespace {

void follow_index(const Answer& answer, Cursor::Part& known, core::Time now) {
    known = {.at = now};
    if (answer.row)
        known.actual = kSound;
    else if (is_damage(answer))
        known.actual = kDamaged;
    known.detail = answer.error;
}

/// A part of a heap that was not answered: what a whole pass said before stands, and ages, unless one run reads it all.
void follow_unread_heap(const Item& item, const Answer& answer, Cursor::Part& known, core::Time now) {
    known.next = item.first_block;
    if (is_damage(answer)) {
        known.actual = kDamaged;
    } else if (known.actual == kSound && item.blocks < item.all_blocks) {
        known.detail = fmt::format("from block {} on: {}", item.first_block, answer.error);
        return;
    } else {
        known.actual.clear();
    }
    known.detail = answer.error;
    known.at = now;
}

/// Half of what took too long is tried in the next run, and a little more again for as long as that goes well: on a
/// slow disk a budget that no statement has time for would be read never.
void follow_speed(const Item& item, const Answer& answer, Cursor::Part& known) {
    if (answer.sqlstate == kTimedOut)
        known.most = std::max<std::uint64_t>(1, item.blocks / 2);
    else if (answer.row && item.blocks == known.most)
        known.most += known.most / 8 + 1;
}

/// Blocks on which something is wrong are looked at again in each run until nothing is.
void follow_heap(const PartFacts& part, const Item& item, const Answer& answer, Cursor::Part& known, core::Time now) {
    if (item.first_block == 0)
        known.began = now;
    follow_speed(item, answer, known);
    if (!answer.row)
        return follow_unread_heap(item, answer, known, now);
    const auto failed = answer.row->natural("failed");
    if (!failed)
        throw io::BadDocument("column failed: expected a number, found none");
    known.next = item.first_block + item.blocks;
    if (*failed > 0) {
        known.next = item.first_block;
        known.actual = kDamaged;
        known.detail = fmt::format("{}; {} in all on that page, `pg_amcheck -t {}` tells of others",
                                   one_line(answer.row->text("first").value_or("")), *failed, part.name);
        known.at = now;
    } else if (known.actual == kDamaged && item.first_block > 0) {
        // Mended by writing all of it anew, perhaps: what was read of it before says nothing then.
        known.next = 0;
        known.actual.clear();
        known.detail = fmt::format("block {} and those behind it are sound again, and all of it is gone through anew",
                                   item.first_block);
        known.at = now;
    } else if (known.next >= item.all_blocks) {
        known.next = 0;
        known.actual = kSound;
        known.detail = fmt::format("{} blocks", item.all_blocks);
        known.at = known.began;
    } else if (known.actual == kSound) {
        known.detail = fmt::format("{} blocks", item.all_blocks);
    } else {
        known.actual.clear();
        known.detail = fmt::format("its first {} blocks of {} are sound, the others have their turn in the next runs",
                                   known.next, item.all_blocks);
        known.at = now;
    }
}

void follow_parts(const Looking& looking) {
    for (const Item& item : looking.turns) {
        if (item.what != What::part || !item.hindrance.empty() || item.reach == Reach::none)
            continue;
        const PartFacts& part = looking.facts.parts[item.at];
        const Answer answer = answer_of(looking.steps, looking.looked.own, What::part, item.at);
        Cursor::Part& known = looking.cursor.parts[item.key];
        if (part.heap)
            follow_heap(part, item, answer, known, looking.now);
        else
            follow_index(answer, known, looking.now);
    }
}

/// What is known of one part now.
Assertion standing(const Looking& looking, const RelationFacts& relation, std::size_t at) {
    const Item& item = item_of(looking.turns, What::part, at);
    const PartFacts& part = looking.facts.parts[at];
    const auto known = looking.cursor.parts.find(item.key);
    Assertion assertion;
    if (!item.hindrance.empty())
        assertion.detail = item.hindrance;
    else if (known == looking.cursor.parts.end())
        assertion.detail = kNotReached;
    else if (!is_fresh(looking, relation.name, known->second.at))
        assertion.detail = too_old(known->second.at, part.heap ? "budget` or `fresh_within" : "run_budget");
    else {
        if (!known->second.actual.empty())
            assertion.actual = known->second.actual;
        assertion.detail = known->second.detail;
        if (known->second.at < looking.now)
            assertion.detail += (assertion.detail.empty() ? "" : "; ") + as_of(known->second.at);
    }
    if (relation.parts.size() > 1)
        assertion.detail = fmt::format("{}{}{}", part.name, assertion.detail.empty() ? "" : ": ", assertion.detail);
    return assertion;
}

/// Damage of one part is damage; all of them are sound, or it is unknown.
int badness(const Assertion& assertion) { return !assertion.actual ? 1 : *assertion.actual == kSound ? 0 : 2; }

void expect_parts(const Looking& looking, const RelationFacts& relation, bool heaps, core::SubjectReport& report) {
    Assertion worst;
    std::string sound;
    std::size_t count = 0;
    for (const std::size_t at : relation.parts) {
        if (looking.facts.parts[at].heap != heaps)
            continue;
        Assertion one = standing(looking, relation, at);
        sound += (sound.empty() || one.detail.empty() ? "" : "; ") + one.detail;
        if (++count == 1 || badness(one) > badness(worst))
            worst = std::move(one);
    }
    // Where pages are not gone through either, nothing was.
    if (count == 0) {
        worst.detail = sound = "it has no valid B-tree";
        if (looking.facts.server.version >= kVerifiesHeaps)
            worst.actual = kSound;
    }
    worst.name = heaps ? "verify_heapam" : "bt_index_check";
    worst.expected = kSound;
    worst.priority = Priority::p1;
    if (badness(worst) == 0)
        worst.detail = std::move(sound);
    if (relation.table && !heaps && looking.facts.server.version < kVerifiesHeaps)
        worst.detail += fmt::format("{}only its B-trees: PostgreSQL {} has no verify_heapam to check its pages, 14 has",
                                    worst.detail.empty() ? "" : "; ", looking.facts.server.version);
    expect(report, std::move(worst));
}

} // namespace

void add_relations(const Looking& looking, core::Seen& seen) {
    follow_parts(looking);
    for (const RelationFacts& relation : looking.facts.relations) {
        core::SubjectReport& report = subject(seen, relation.name);
        const bool heaps = relation.table && looking.facts.server.version >= kVerifiesHeaps;
        if (!relation.hindrance.empty()) {
            expect(report, {.name = heaps ? "verify_heapam" : "bt_index_check",
                            .expected = std::string{kSound},
                            .priority = Priority::p1,
                            .detail = relation.hindrance});
            continue;
        }
        if (heaps)
            expect_parts(looking, relation, true, report);
        expect_parts(looking, relation, false, report);
    }
}

} // namespace recoverd::collectors::validation
