// SPDX-License-Identifier: Apache-2.0
// All of it together, and whether the second server is one that ours can be compared with.
#include "collectors/postgresql_validation/parts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors {

using namespace validation;

namespace {

/// The second server, or why nothing is compared with it.
core::Result<Primary> find_primary(const ValidationExpected& expected, const ValidationLooked& looked,
                                   const Facts& ours, std::optional<Facts> theirs, const std::vector<Item>& turns,
                                   const Cursor& cursor, core::Time now) {
    const auto not_compared = [](std::string why) {
        return core::failed(core::FailureKind::bad_answer, "not compared: " + std::move(why));
    };
    for (const auto* asked : {&looked.primary_facts, &looked.before, &looked.after})
        if (*asked && !**asked)
            return not_compared("the primary: " + (*asked)->error().detail);
    if (!theirs)
        return not_compared("no second server was asked");
    Facts& facts = *theirs;
    if (facts.server.in_recovery)
        return not_compared("compare_dsn leads to a standby");
    if (facts.server.system_id == ours.server.system_id && facts.server.started == ours.server.started &&
        !ours.server.in_recovery)
        return not_compared("dsn and compare_dsn lead to the same server");
    if (!looked.before || !looked.after)
        return not_compared("the primary was not asked");
    // A standby has replayed it by the facts that were asked again; a copy of its own replays nothing.
    if (ours.server.in_recovery && facts.server.system_id == ours.server.system_id) {
        const auto until = written_until(**looked.before);
        const auto replayed = replayed_until(looked.caught_up ? *looked.caught_up : looked.facts);
        if (!until || !replayed || *replayed < *until)
            return not_compared("this standby did not replay in time what the primary had written");
    }
    std::vector<Step> steps = plan(expected, ValidationSide::primary, facts, turns, cursor, now);
    return Primary{std::move(facts), std::move(steps), *looked.before, *looked.after};
}

template <class Map>
void keep_only(Map& map, const std::vector<std::string>& names) {
    std::erase_if(map, [&](const auto& entry) { return std::ranges::find(names, entry.first) == names.end(); });
}

/// What is not named any more is not remembered either.
void forget_others(const ValidationExpected& expected, const Facts& facts, const std::vector<Item>& turns,
                   Cursor& cursor) {
    keep_only(cursor.peaks, all_tables(expected));
    keep_only(cursor.samples, expected.foreign_keys);
    std::vector<std::string> keys;
    for (const Item& item : turns)
        keys.push_back(item.key);
    keep_only(cursor.kept, keys);
    // A catalogue that did not answer names no parts, and a pass through a heap may have taken days.
    if (std::ranges::all_of(facts.relations, [](const RelationFacts& relation) { return relation.hindrance.empty(); }))
        keep_only(cursor.parts, keys);
}

} // namespace

std::optional<Facts> validation::facts_of_primary(const ValidationExpected& expected, const ValidationLooked& looked) {
    if (!looked.primary_facts || !*looked.primary_facts)
        return std::nullopt;
    return read_facts(expected, ValidationSide::primary, **looked.primary_facts);
}

core::Seen interpret_validation(const ValidationExpected& expected, const ValidationLooked& looked,
                                std::string_view cursor_text, core::Time now) {
    const Facts facts = read_facts(expected, ValidationSide::own, looked.facts);
    std::optional<Facts> theirs = facts_of_primary(expected, looked);
    Cursor cursor = cursor_of(cursor_text, facts.server);
    const std::vector<Item> turns = take_turns(expected, facts, theirs, cursor, now);
    forget_others(expected, facts, turns, cursor);
    const std::vector<Step> steps = plan(expected, ValidationSide::own, facts, turns, cursor, now);
    const core::Result<Primary> primary = find_primary(expected, looked, facts, std::move(theirs), turns, cursor, now);
    core::Seen seen;
    std::map<std::string, core::Duration> ages;
    const Looking looking{expected, looked, facts, steps, primary, turns, cursor, now, ages};
    add_checksums(looking, seen);
    add_keys(looking, seen);
    add_canary(looking, seen);
    add_relations(looking, seen);
    add_tables(looking, seen);
    for (const auto& [name, age] : ages)
        subject(seen, name)
            .evidence.emplace_back(
                core::Measurement{.name = "checked_age", .value = core::to_seconds(age), .unit = "seconds"});
    cursor.turn = next_turn(turns, steps, looked.own);
    seen.cursor = write_cursor(cursor);
    return seen;
}

} // namespace recoverd::collectors
