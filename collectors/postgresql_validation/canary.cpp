// SPDX-License-Identifier: Apache-2.0
// A row that is written, committed and read back; it rises by one each time. A server on which it stands lower than
// what was read back before has lost what was committed: that is what a failover cost, to the interval of this check.
#include "collectors/postgresql_validation/parts.hpp"

#include "core/assertion.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>

namespace recoverd::collectors {

namespace validation {

namespace {

using core::Assertion;
using core::Compare;
using core::Priority;

constexpr std::string_view kWell = "written and read back";

enum Asked : std::size_t { before_table, written_table, back_table, asked_count };

struct Stand {
    std::uint64_t counter = 0;
    double at = 0;
};

/// Nothing: there is no row yet.
std::optional<Stand> stand_of(const io::PgTable& table) {
    if (table.rows.empty())
        return std::nullopt;
    const Row row = only_row(table, "canary");
    return Stand{row.natural("counter").value_or(0), row.number("at").value_or(0)};
}

/// Not what the server can do, but what was never set up.
bool is_our_setup(std::string_view sqlstate) {
    return sqlstate == "42501" || sqlstate == "42P01" || sqlstate == "3F000" || sqlstate == "42703";
}

std::string moment(double seconds) { return core::config::format_time(core::Time{core::from_seconds(seconds)}); }

/// All of it is gone: what is known of it is the time since its first row that anybody saw.
void notice_all_lost(Cursor& cursor) {
    cursor.lost_words = fmt::format("row {} was committed and read back at {}, and none is left", cursor.canary,
                                    moment(cursor.canary_at));
    if (!cursor.first_at || !cursor.lost_seconds) {
        cursor.lost_seconds.reset();
        return;
    }
    const double seconds = std::max(0.0, cursor.canary_at - *cursor.first_at);
    *cursor.lost_seconds += seconds;
    cursor.lost_words += fmt::format(": at least {:.3g} s were lost", seconds);
}

void notice_loss(Cursor& cursor, const std::optional<Stand>& stand) {
    const std::uint64_t left = stand ? stand->counter : 0;
    if (left >= cursor.canary)
        return;
    cursor.lost_rows += cursor.canary - left;
    if (stand) {
        const double seconds = std::max(0.0, cursor.canary_at - stand->at);
        if (cursor.lost_seconds)
            *cursor.lost_seconds += seconds;
        cursor.lost_words =
            fmt::format("row {} was committed and read back at {}, and the newest that is left is {} of "
                        "{}: about {:.3g} s were lost",
                        cursor.canary, moment(cursor.canary_at), left, moment(stand->at), seconds);
        cursor.first_at = std::min(cursor.first_at.value_or(stand->at), stand->at);
    } else {
        notice_all_lost(cursor);
        cursor.first_at.reset();
    }
    cursor.canary = left;
    cursor.canary_at = stand ? stand->at : 0;
}

/// What came of writing, into `assertion`.
void judge_write(const io::PgAnswer& answer, Cursor& cursor, Assertion& assertion) {
    if (answer.tables.size() != asked_count) {
        assertion.detail = fmt::format("expected {} answers, found {}", std::size_t{asked_count}, answer.tables.size());
        return;
    }
    std::optional<Stand> before;
    if (answer.tables[before_table].error.empty()) {
        before = stand_of(answer.tables[before_table]);
        notice_loss(cursor, before);
    }
    for (const io::PgTable& table : answer.tables) {
        if (table.error.empty())
            continue;
        assertion.detail = table.error;
        if (!is_our_setup(table.sqlstate))
            assertion.actual = "refused";
        return;
    }
    const auto written = stand_of(answer.tables[written_table]);
    const auto back = stand_of(answer.tables[back_table]);
    if (!written || !back || back->counter < written->counter) {
        assertion.actual = "not read back";
        return;
    }
    assertion.actual = kWell;
    cursor.canary = back->counter;
    cursor.canary_at = back->at;
    if (!cursor.first_at)
        cursor.first_at = before.value_or(*back).at;
}

void expect_written(const Looking& looking, core::SubjectReport& report) {
    Cursor& cursor = looking.cursor;
    const CanaryFacts& facts = *looking.facts.canary;
    Assertion assertion{.name = "canary", .expected = std::string{kWell}, .priority = Priority::p1};
    const auto& answer = looking.looked.canary;
    if (!facts.hindrance.empty()) {
        assertion.detail = facts.hindrance;
        // Where it had been written before, it is not its setup that lacks.
        if (!facts.there && cursor.canary > 0)
            assertion.actual = "gone";
    } else if (!answer) {
        assertion.detail = "not asked";
    } else if (!*answer) {
        assertion.detail = answer->error().detail;
        // It has just answered to us: who cannot write now is kept waiting by it.
        if (answer->error().kind == core::FailureKind::timed_out)
            assertion.actual = "no answer";
    } else {
        judge_write(**answer, cursor, assertion);
        if (assertion.actual == kWell)
            report.evidence.emplace_back(core::Measurement{
                .name = "canary_seconds", .value = core::to_seconds(looking.looked.canary_took), .unit = "seconds"});
    }
    expect(report, std::move(assertion));
}

/// Why nobody knows where it stood before this run wrote it; empty: it was read.
std::string unread(const Looking& looking) {
    const auto& answer = looking.looked.canary;
    if (!looking.facts.canary->hindrance.empty())
        return looking.facts.canary->hindrance;
    if (!answer)
        return "not asked";
    if (!*answer)
        return answer->error().detail;
    const auto& tables = (*answer)->tables;
    return tables.size() == asked_count ? tables[before_table].error : "not all of it was answered";
}

void expect_no_loss(const Looking& looking, core::SubjectReport& report) {
    const Cursor& cursor = looking.cursor;
    Assertion assertion{
        .name = "canary_lost_rows", .expected = "0", .compare = Compare::at_most, .priority = Priority::p1};
    // What the last look left behind says nothing of now: during an outage it would say that nothing was lost by it.
    assertion.detail = unread(looking);
    if (!assertion.detail.empty()) {
        expect(report, std::move(assertion));
        return;
    }
    if (cursor.canary > 0 || cursor.lost_rows > 0)
        assertion.actual = std::to_string(cursor.lost_rows);
    else
        assertion.detail = "it was never written";
    if (cursor.lost_rows > 0)
        assertion.detail =
            fmt::format("{}; accepted with `recoverd forget {}/`", cursor.lost_words, looking.expected.name);
    expect(report, std::move(assertion));
    if (cursor.lost_seconds)
        report.evidence.emplace_back(core::Measurement{
            .name = std::string{core::kCanaryLostSeconds}, .value = *cursor.lost_seconds, .unit = "seconds"});
    report.evidence.emplace_back(core::Measurement{
        .name = std::string{core::kCanaryLostRows}, .value = static_cast<double>(cursor.lost_rows), .unit = "rows"});
}

void expect_arrival(const Looking& looking, core::SubjectReport& report) {
    const CanaryFacts& facts = *looking.facts.canary;
    Assertion assertion{
        .name = "canary_arrived", .expected = "1", .compare = Compare::at_least, .priority = Priority::p1};
    const Answer here = facts.hindrance.empty() ? answer_of(looking.steps, looking.looked.own, What::canary, 0)
                                                : Answer{{}, {}, facts.hindrance};
    assertion.detail = here.error;
    if (here.row)
        if (const auto age = here.row->number("age"))
            report.evidence.emplace_back(core::Measurement{.name = "canary_age", .value = *age, .unit = "seconds"});
    if (here.row && !looking.expected.compares) {
        assertion.detail = "this is a standby, where nothing is written; let dsn lead to the primary, or name that in "
                           "compare_dsn";
    } else if (here.row && !looking.primary) {
        assertion.detail = looking.primary.error().detail;
    } else if (here.row) {
        const Primary& primary = *looking.primary;
        const Answer there = answer_of(primary.steps, primary.before, What::canary, 0);
        if (there.row) {
            assertion.expected = std::to_string(there.row->natural("counter").value_or(0));
            assertion.actual = std::to_string(here.row->natural("counter").value_or(0));
        } else {
            assertion.detail =
                "on the primary: " + (there.error.empty() ? primary.facts.canary->hindrance : there.error);
        }
    }
    expect(report, std::move(assertion));
}

} // namespace

void add_canary(const Looking& looking, core::Seen& seen) {
    if (!looking.facts.canary)
        return;
    core::SubjectReport& report = subject(seen, "");
    if (looking.facts.server.in_recovery) {
        expect_arrival(looking, report);
        // Until whoever is to take over is promoted, that it answers does not say that it could be written.
        if (!looking.expected.compares)
            expect(report, Assertion{.name = "canary",
                                     .expected = std::string{kWell},
                                     .priority = Priority::p1,
                                     .detail = "the server is in recovery, and takes no writes"});
    } else {
        expect_written(looking, report);
        expect_no_loss(looking, report);
        // What did not arrive at a standby was lost when that was promoted, if it was, and is told as such.
        expect(report, core::not_asked("canary_arrived", "this is no standby, at which it would arrive"));
    }
}

} // namespace validation

using namespace validation;

std::vector<std::string> canary_statements(const ValidationExpected& expected, const io::PgAnswer& answer) {
    const Facts facts = read_facts(expected, ValidationSide::own, answer);
    if (!facts.canary || !facts.canary->hindrance.empty() || facts.server.in_recovery)
        return {};
    const std::string& table = facts.canary->quoted;
    const std::string name = literal(expected.name);
    const std::string read =
        fmt::format("SELECT counter, extract(epoch FROM written_at) AS at FROM {} WHERE name = {}", table, name);
    return {read,
            fmt::format("INSERT INTO {} AS c (name, counter, written_at) VALUES ({}, 1, clock_timestamp()) "
                        "ON CONFLICT (name) DO UPDATE SET counter = c.counter + 1, written_at = clock_timestamp() "
                        "RETURNING counter, extract(epoch FROM written_at) AS at",
                        table, name),
            read};
}

} // namespace recoverd::collectors
