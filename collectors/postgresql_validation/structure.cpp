// SPDX-License-Identifier: Apache-2.0
// Checksums and foreign keys, and how an expectation gets into a report.
#include "collectors/postgresql_validation/parts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::validation {

using core::Assertion;
using core::Compare;
using core::Priority;

core::SubjectReport& subject(core::Seen& seen, std::string_view name) {
    const auto known = std::ranges::find(seen.subjects, name, &core::SubjectReport::subject);
    if (known != seen.subjects.end())
        return *known;
    seen.subjects.push_back({.subject = std::string{name}});
    return seen.subjects.back();
}

void expect(core::SubjectReport& report, Assertion assertion) {
    assertion.detail.resize(std::min<std::size_t>(assertion.detail.size(), 600));
    for (core::Evidence& evidence : report.evidence)
        if (auto* all = std::get_if<core::Assertions>(&evidence)) {
            all->assertions.push_back(std::move(assertion));
            return;
        }
    report.evidence.emplace_back(core::Assertions{{std::move(assertion)}});
}

void add_checksums(const Looking& looking, core::Seen& seen) {
    Assertion assertion{.name = "checksum_failures", .expected = "0", .priority = Priority::p1};
    const io::PgTable& table = looking.looked.facts.tables.at(checksums_table);
    if (!looking.facts.server.checksums) {
        assertion.detail = "data_checksums is off, so that this server notices no damage; stop it and run pg_checksums "
                           "--enable";
    } else if (!table.error.empty()) {
        assertion.detail = table.error;
    } else if (const Row row = only_row(table, "checksums"); const auto failures = row.natural("failures")) {
        ChecksumFailures& known = looking.cursor.checksums;
        known.follow(*failures, row.number("reset").value_or(0), looking.facts.server.version);
        assertion.actual = std::to_string(known.count);
        assertion.detail = words_of(known, *failures, looking.facts.server.version, row);
    } else {
        assertion.detail = "pg_stat_database counts none before PostgreSQL 12";
    }
    expect(subject(seen, ""), std::move(assertion));
}

// Not XX000: "could not open relation" of one that REINDEX CONCURRENTLY has just replaced is such an internal error.
bool is_damage(const Answer& answer) {
    if (answer.sqlstate == "XX001" || answer.sqlstate == "XX002")
        return true;
    // Files that are no relation's: a library that is not installed there, shared memory that somebody took away.
    constexpr std::array<std::string_view, 3> kOthers{"$libdir/", ".so\"", "/PostgreSQL."};
    return answer.sqlstate.starts_with("58") &&
           std::ranges::none_of(kOthers, [&](std::string_view other) { return answer.error.contains(other); });
}

namespace {

Assertion no_orphans() {
    return {.name = "orphans", .expected = "0", .compare = Compare::at_most, .priority = Priority::p2};
}

void learn_orphans(const Looking& looking, const Item& item, core::SubjectReport& report) {
    const KeyFacts& key = looking.facts.keys[item.at];
    Assertion assertion = no_orphans();
    const Answer answer = answer_of(looking.steps, looking.looked.own, What::orphans, item.at);
    if (!answer.row) {
        assertion.detail = answer.error;
        return expect(report, std::move(assertion));
    }
    const auto orphans = answer.row->natural("orphans").value_or(0);
    const auto rows = answer.row->natural("looked").value_or(0);
    const Cursor::Sample sample = sample_of(looking.expected, key, looking.cursor, looking.now);
    const bool sampled = sample.percent < 100;
    // A sample without rows says nothing of the others.
    if (sampled && rows == 0) {
        assertion.detail =
            fmt::format("a sample of {:.2g} % of {} held no row; raise `max_rows`", sample.percent, key.child);
        return expect(report, std::move(assertion));
    }
    assertion.actual = std::to_string(orphans);
    assertion.detail = fmt::format("of {} rows of {}{}", rows, key.child,
                                   sampled                             ? ", a sample"
                                   : rows >= looking.expected.max_rows ? ", the first ones"
                                                                       : "");
    // Another sample without orphans would end what this one found.
    if (orphans > 0 && sampled)
        looking.cursor.samples[key.name] = sample;
    else
        looking.cursor.samples.erase(key.name);
    expect(report, std::move(assertion));
}

} // namespace

void add_keys(const Looking& looking, core::Seen& seen) {
    const io::PgTable& table = looking.looked.facts.tables.at(keys_table);
    for (const auto& [name, column] :
         {std::pair{"not_valid_foreign_keys", "not_valid"}, {"disabled_foreign_keys", "disabled"}}) {
        Assertion assertion{.name = name, .expected = "none", .priority = Priority::p2};
        if (table.error.empty())
            assertion.actual = only_row(table, "foreign keys").text(column).value_or("none");
        else
            assertion.detail = table.error;
        expect(subject(seen, ""), std::move(assertion));
    }
    for (std::size_t i = 0; i < looking.facts.keys.size(); ++i)
        add_item(looking, item_of(looking.turns, What::orphans, i), looking.facts.keys[i].name, no_orphans(),
                 learn_orphans, seen);
}

} // namespace recoverd::collectors::validation
