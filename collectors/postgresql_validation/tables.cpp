// SPDX-License-Identifier: Apache-2.0
// Rows of chosen tables: can they be read, are there as many as there were or as the primary has, are they the same?
#include "collectors/postgresql_validation/parts.hpp"

#include "io/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace recoverd::collectors::validation {

namespace {

using core::Assertion;
using core::Compare;
using core::Priority;

struct Counted {
    std::uint64_t rows = 0;
    std::string stamp;
    std::string hash;
};

Counted counted(const Row& row) {
    const auto rows = row.natural("rows");
    if (!rows)
        throw io::BadDocument("column rows: expected a number, found none");
    return {*rows, row.text("stamp").value_or(""), row.text("hash").value_or("")};
}

std::uint64_t apart(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : b - a; }

/// Not fewer than there were within a day, less what may go. What fell is measured against what there was until it is
/// back: a second look at the same loss is not better news.
void expect_last_known(const Looking& looking, core::SubjectReport& report, std::uint64_t rows) {
    Cursor::Peak& peak = looking.cursor.peaks[report.subject];
    const auto least =
        static_cast<std::uint64_t>(std::ceil(static_cast<double>(peak.rows) * (1 - looking.expected.shrink_at_most)));
    Assertion assertion{.name = "row_count",
                        .expected = std::to_string(least),
                        .actual = std::to_string(rows),
                        .compare = Compare::at_least,
                        .priority = Priority::p2};
    if (peak.rows > 0)
        assertion.detail = fmt::format("{} at most were there within a day; what went on purpose is accepted with "
                                       "`recoverd forget {}/{}`",
                                       peak.rows, looking.expected.name, report.subject);
    if (rows >= peak.rows || (rows >= least && looking.now - peak.at > core::kDay) || looking.now < peak.at)
        peak = {std::max(rows, looking.now < peak.at ? peak.rows : 0), looking.now};
    expect(report, std::move(assertion));
}

/// What the primary has of one table, before and after ours was read; or why that is not known.
struct Compared {
    std::string unknown;
    Counted before;
    Counted after;

    bool still() const { return before.rows == after.rows && before.stamp == after.stamp; }
};

Compared compare(const Looking& looking, std::size_t at) {
    if (!looking.primary)
        return {.unknown = looking.primary.error().detail};
    const Primary& primary = *looking.primary;
    if (const std::string& hindrance = primary.facts.tables.at(at).hindrance; !hindrance.empty())
        return {.unknown = "on the primary: " + hindrance};
    const Answer before = answer_of(primary.steps, primary.before, What::table, at);
    const Answer after = answer_of(primary.steps, primary.after, What::table, at);
    if (!before.row || !after.row)
        return {.unknown = "on the primary: " + (before.row ? after.error : before.error)};
    return {"", counted(*before.row), counted(*after.row)};
}

/// Exactly, unless the primary was written to meanwhile: then by how much it moved, and a share.
void expect_same_count(const Looking& looking, core::SubjectReport& report, const Counted& ours,
                       const Compared& theirs) {
    Assertion assertion{.name = "row_count_difference",
                        .expected = "0",
                        .compare = Compare::at_most,
                        .priority = Priority::p2,
                        .detail = theirs.unknown};
    if (theirs.unknown.empty()) {
        const std::uint64_t most = std::max(theirs.before.rows, theirs.after.rows);
        const std::uint64_t allowed =
            theirs.still()
                ? 0
                : apart(theirs.before.rows, theirs.after.rows) +
                      static_cast<std::uint64_t>(looking.expected.differ_at_most * static_cast<double>(most));
        assertion.expected = std::to_string(allowed);
        assertion.actual =
            std::to_string(std::min(apart(ours.rows, theirs.before.rows), apart(ours.rows, theirs.after.rows)));
        assertion.detail = fmt::format("{} rows here, {} on the primary{}", ours.rows, theirs.before.rows,
                                       theirs.still() ? "" : fmt::format(", then {}", theirs.after.rows));
    }
    expect(report, std::move(assertion));
}

void expect_same_content(core::SubjectReport& report, const Counted& ours, const Compared& theirs) {
    Assertion assertion{
        .name = "content", .expected = "the primary's", .priority = Priority::p1, .detail = theirs.unknown};
    if (theirs.unknown.empty()) {
        const bool same = !ours.hash.empty() && (ours.hash == theirs.before.hash || ours.hash == theirs.after.hash);
        if (same)
            assertion.actual = assertion.expected;
        else if (theirs.still() && !ours.hash.empty() && !theirs.before.hash.empty())
            assertion.actual = ours.hash;
        else
            assertion.detail = "it was written to while it was compared; `hashed` is for tables that rest now and then";
        if (assertion.actual)
            assertion.detail = fmt::format("the primary's is {}", theirs.before.hash);
    }
    expect(report, std::move(assertion));
}

bool listed(const std::vector<std::string>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

Assertion can_be_read() { return {.name = "readable", .expected = "yes", .priority = Priority::p1}; }

void learn_table(const Looking& looking, const Item& item, core::SubjectReport& report) {
    const TableFacts& table = looking.facts.tables[item.at];
    Assertion readable = can_be_read();
    const Answer answer = answer_of(looking.steps, looking.looked.own, What::table, item.at);
    if (!answer.row) {
        // One cause is said once: nothing else is expected of what could not be read.
        readable.detail = answer.error;
        if (is_damage(answer))
            readable.actual = "no";
        return expect(report, std::move(readable));
    }
    readable.actual = "yes";
    expect(report, std::move(readable));
    const Counted ours = counted(*answer.row);
    if (looking.expected.compares) {
        const Compared theirs = compare(looking, item.at);
        expect_same_count(looking, report, ours, theirs);
        if (listed(looking.expected.hashed, table.name))
            expect_same_content(report, ours, theirs);
    } else {
        expect_last_known(looking, report, ours.rows);
    }
    report.evidence.emplace_back(
        core::Measurement{.name = "rows", .value = static_cast<double>(ours.rows), .unit = "rows"});
    if (listed(looking.expected.frozen, table.name))
        report.evidence.emplace_back(core::Fingerprint{.name = "content", .value = ours.hash});
}

} // namespace

void add_tables(const Looking& looking, core::Seen& seen) {
    for (std::size_t i = 0; i < looking.facts.tables.size(); ++i)
        add_item(looking, item_of(looking.turns, What::table, i), looking.facts.tables[i].name, can_be_read(),
                 learn_table, seen);
}

} // namespace recoverd::collectors::validation
