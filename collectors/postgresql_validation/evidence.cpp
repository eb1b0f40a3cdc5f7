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
                                   const Facts& ours, core::Time now) {
    const auto not_compared = [](std::string why) {
        return core::failed(core::FailureKind::bad_answer, "not compared: " + std::move(why));
    };
    if (!looked.primary_facts)
        return not_compared("no second server was asked");
    for (const auto* asked : {&looked.primary_facts, &looked.before, &looked.after})
        if (*asked && !**asked)
            return not_compared("the primary: " + (*asked)->error().detail);
    Facts facts = read_facts(expected, ValidationSide::primary, **looked.primary_facts);
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
    std::vector<Step> steps = plan(expected, ValidationSide::primary, facts, {}, now);
    return Primary{std::move(facts), std::move(steps), *looked.before, *looked.after};
}

} // namespace

core::Seen interpret_validation(const ValidationExpected& expected, const ValidationLooked& looked,
                                std::string_view cursor_text, core::Time now) {
    const Facts facts = read_facts(expected, ValidationSide::own, looked.facts);
    Cursor cursor = read_cursor(cursor_text);
    // What is not named any more is not remembered either.
    const auto tables = all_tables(expected);
    std::erase_if(cursor.peaks,
                  [&](const auto& peak) { return std::ranges::find(tables, peak.first) == tables.end(); });
    std::erase_if(cursor.samples, [&](const auto& sample) {
        return std::ranges::find(expected.foreign_keys, sample.first) == expected.foreign_keys.end();
    });
    const std::vector<Step> steps = plan(expected, ValidationSide::own, facts, cursor, now);
    const core::Result<Primary> primary = find_primary(expected, looked, facts, now);
    core::Seen seen;
    const Looking looking{expected, looked, facts, steps, primary, cursor, now};
    add_checksums(looking, seen);
    add_keys(looking, seen);
    add_canary(looking, seen);
    add_indexes(looking, seen);
    add_tables(looking, seen);
    seen.cursor = write_cursor(cursor);
    return seen;
}

} // namespace recoverd::collectors
