// SPDX-License-Identifier: Apache-2.0
// Who is read in this run. What a run may read does not suffice for all of it, or its time does not: then whoever did
// not have all of its turn is the first in the next run, and the first one has always what it needs. So each is
// reached, and none that hangs or is large keeps the others waiting for ever.
#include "collectors/postgresql_validation/parts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::validation {

namespace {

// Of a parent, to look up one row: the upper pages of its index are in memory, more or less.
constexpr std::uint64_t kLookUp = 8192;

Item item_for_table(const TableFacts& table, std::size_t at, const std::optional<Facts>& theirs) {
    Item item{
        .what = What::table, .at = at, .key = "rows " + table.name, .hindrance = table.hindrance, .cost = table.bytes};
    // The primary reads its own twice, before and after ours.
    if (theirs && theirs->tables.at(at).hindrance.empty())
        item.cost += 2 * theirs->tables.at(at).bytes;
    return item;
}

/// Of a heap only what follows on what was read before, and no more than one relation may take.
Item item_for_part(const ValidationExpected& expected, const Facts& facts, std::size_t at, const Cursor& cursor) {
    const PartFacts& part = facts.parts[at];
    Item item{
        .what = What::part, .at = at, .key = "check " + part.name, .hindrance = part.hindrance, .cost = part.bytes};
    if (!part.heap)
        return item;
    const std::uint64_t size = facts.server.block_size;
    item.all_blocks = part.bytes / size + (part.bytes % size > 0 ? 1U : 0U);
    std::uint64_t most = std::max<std::uint64_t>(1, expected.budget / size);
    if (const auto known = cursor.parts.find(item.key); known != cursor.parts.end()) {
        if (known->second.next < item.all_blocks)
            item.first_block = known->second.next;
        if (known->second.most > 0)
            most = std::min(most, known->second.most);
    }
    item.blocks = std::min(item.all_blocks - item.first_block, most);
    item.cost = item.blocks * size;
    return item;
}

/// A sample of the child, and a look-up in the parent for each of its rows. `max_rows` is what bounds that, so that it
/// has a run of its own where it is more than the budget of one.
Item item_for_key(const ValidationExpected& expected, const KeyFacts& key, std::size_t at, const Cursor& cursor,
                  core::Time now) {
    Item item{.what = What::orphans, .at = at, .key = "orphans " + key.name, .hindrance = key.hindrance};
    const double percent = sample_of(expected, key, cursor, now).percent;
    const std::uint64_t share =
        percent < 100 ? static_cast<std::uint64_t>(static_cast<double>(key.bytes) * (percent / 100)) : key.bytes;
    if (item.hindrance.empty())
        item.hindrance = beyond(share, expected);
    const double rows = std::min(std::max(1.0, key.rows), static_cast<double>(expected.max_rows));
    item.cost = std::min(expected.run_budget, share + static_cast<std::uint64_t>(rows) * kLookUp);
    return item;
}

std::vector<Item> all_items(const ValidationExpected& expected, const Facts& ours, const std::optional<Facts>& theirs,
                            const Cursor& cursor, core::Time now) {
    std::vector<Item> items;
    for (std::size_t i = 0; i < ours.tables.size(); ++i)
        items.push_back(item_for_table(ours.tables[i], i, theirs));
    for (std::size_t i = 0; i < ours.parts.size(); ++i)
        items.push_back(item_for_part(expected, ours, i, cursor));
    for (std::size_t i = 0; i < ours.keys.size(); ++i)
        items.push_back(item_for_key(expected, ours.keys[i], i, cursor, now));
    for (Item& item : items)
        if (item.hindrance.empty() && item.cost > expected.run_budget)
            item.hindrance = fmt::format("it takes {}{}, and the budget of a run is {}; raise `run_budget`, or leave "
                                         "it out",
                                         in_mib(item.cost),
                                         item.what == What::table && theirs ? " with the primary's, read twice" : "",
                                         in_mib(expected.run_budget));
    return items;
}

/// What of its turn the rest of the budget allows.
void serve(Item& item, std::uint64_t& left, std::uint64_t block_size) {
    if (item.cost <= left) {
        item.reach = Reach::whole;
    } else if (item.all_blocks > 0 && left >= block_size) {
        item.reach = Reach::some;
        item.blocks = left / block_size;
        item.cost = item.blocks * block_size;
    } else {
        return;
    }
    left -= item.cost;
}

bool had_its_turn(const Item& item, const std::vector<Step>& steps, const core::Result<io::PgAnswer>& answers) {
    if (item.reach != Reach::whole)
        return false;
    const Answer answer = answer_of(steps, answers, item.what, item.at);
    // No SQLSTATE: not even that was told.
    return answer.row || (!answer.sqlstate.empty() && answer.sqlstate != kTimedOut);
}

} // namespace

std::vector<Item> take_turns(const ValidationExpected& expected, const Facts& ours, const std::optional<Facts>& theirs,
                             const Cursor& cursor, core::Time now) {
    std::vector<Item> turns = all_items(expected, ours, theirs, cursor, now);
    if (const auto first = std::ranges::find(turns, cursor.turn, &Item::key); first != turns.end())
        std::rotate(turns.begin(), first, turns.end());
    std::uint64_t left = expected.run_budget;
    for (Item& item : turns)
        if (item.hindrance.empty())
            serve(item, left, ours.server.block_size);
    return turns;
}

const Item& item_of(const std::vector<Item>& turns, What what, std::size_t at) {
    return *std::ranges::find_if(turns, [&](const Item& item) { return item.what == what && item.at == at; });
}

std::string next_turn(const std::vector<Item>& turns, const std::vector<Step>& steps,
                      const core::Result<io::PgAnswer>& answers) {
    const auto is_read = [](const Item& item) { return item.hindrance.empty(); };
    const auto first = std::ranges::find_if(turns, is_read);
    if (first == turns.end())
        return "";
    // The first one has had what a run can give, whatever came of it.
    const auto waits = std::find_if(
        first + 1, turns.end(), [&](const Item& item) { return is_read(item) && !had_its_turn(item, steps, answers); });
    if (waits != turns.end())
        return waits->key;
    const auto second = std::find_if(first + 1, turns.end(), is_read);
    return second != turns.end() ? second->key : first->key;
}

} // namespace recoverd::collectors::validation
