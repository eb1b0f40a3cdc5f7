// SPDX-License-Identifier: Apache-2.0
// Backups of Aiven's services, their PITR ranges, and what their plans promise.
#include "collectors/aiven/parts.hpp"
#include "core/config/values.hpp"
#include "tests/collectors/aiven_story.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using namespace recoverd::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::AssertionState;
using core::FailureKind;
using core::LogArchive;
using core::SubjectReport;
using core::Told;

namespace {

constexpr const char* kOne =
    R"({"backup_name": "b1", "backup_time": "2026-11-21T03:00:00.123456Z", "data_size": 4096})";

SubjectReport with_backups(const std::string& document, const std::string& service = pg_service("")) {
    return subject(Project(service, document).look(), "orders-pg");
}

LogArchive range(const std::string& start, const std::string& end, const std::string& state = "RUNNING") {
    return evidence<LogArchive>(with_backups(fmt::format(R"({{"backups": [{}], "pitr": {{"additional_regions": [],
            "primary_region": {{"pitr_range_start": {}, "pitr_range_end": {}}}}}}})",
                                                         kOne, start, end),
                                             pg_service("", state)));
}

/// So many backups, one every 24 h, of a service that was made so long ago.
const core::Assertion* count(int backups, core::Duration age, const std::string& more = {},
                             const std::string& state = "RUNNING") {
    static SubjectReport report;
    std::string list;
    for (int i = 0; i < backups; ++i)
        list += fmt::format(R"({}{{"backup_name": "b{}", "backup_time": "{}", "data_size": 1}})", i ? "," : "", i,
                            core::config::format_time(kStart - 24h * (backups - i)));
    Project project(pg_service(more, state, "pg", core::config::format_time(kStart - age)),
                    fmt::format(R"({{"backups": [{}], "pitr": {{"additional_regions": [],
                        "primary_region": {{"pitr_range_start": null, "pitr_range_end": null}}}}}})",
                                list));
    project.answers.plans.insert_or_assign("pg", json(aiven_document("plans-pg")));
    report = subject(project.look(), "orders-pg");
    return assertion(report, "backup_count");
}

} // namespace

TEST_CASE("a list without backups says that there are none, and one that is no list says nothing") {
    const SubjectReport none = with_backups(R"({"backups": []})");
    CHECK(evidence<core::RecoveryPoints>(none).points.empty());
    CHECK_FALSE(none.failure);
    for (const char* bad : {"{}", "[]", R"({"backups": null})", R"({"backups": [{}]})",
                            R"({"backups": [{"backup_name": "b", "backup_time": "yesterday", "data_size": 1}]})",
                            R"({"backups": [{"backup_name": "b", "backup_time": "2026-11-21T03:00:00Z",
                                "data_size": -1}]})"}) {
        CAPTURE(bad);
        const core::Result<core::Seen> seen = Project(pg_service(""), bad).look();
        const SubjectReport& report = subject(seen, "orders-pg");
        CHECK(report.failure);
        CHECK_FALSE(tells<core::RecoveryPoints>(report));
        // Whatever regions it had were not looked at.
        CHECK_FALSE(seen->complete);
    }
}

TEST_CASE("a backup is of one moment, its size is the original one, and it is proven by nothing but its name") {
    const auto points = evidence<core::RecoveryPoints>(with_backups(fmt::format(R"({{"backups": [{}]}})", kOne)));
    REQUIRE(points.points.size() == 1);
    const core::RecoveryPoint& point = points.points[0];
    CHECK(point.id == "b1");
    CHECK(core::config::format_time(point.data_at) == "2026-11-21T03:00:00.123Z");
    CHECK(point.ended_at == point.data_at);
    CHECK(point.size_bytes == 4096U);
    CHECK_FALSE(point.stored_bytes);
    CHECK(point.depth == core::Depth::exists);
    // Where and how it is encrypted the API does not tell.
    CHECK(point.encrypted == Told::not_told);
    CHECK(points.method == "aiven");
    CHECK(points.tells_jobs == Told::no);
    CHECK(points.oldest_at == point.data_at);
}

TEST_CASE("backups come in any order, and the newest 200 are kept") {
    std::string list;
    for (int i = 0; i < 250; ++i)
        list += fmt::format(R"({}{{"backup_name": "b{}", "backup_time": "{}", "data_size": 1}})", i ? "," : "", i,
                            core::config::format_time(kStart - 1h * (1 + i)));
    const auto points = evidence<core::RecoveryPoints>(with_backups(fmt::format(R"({{"backups": [{}]}})", list)));
    CHECK(points.count == 250);
    CHECK(points.points.size() == 200);
    CHECK(points.points.back().id == "b0");
    CHECK(points.oldest_at == kStart - 250h);
}

TEST_CASE("no pitr means that the type knows none") {
    CHECK_FALSE(tells<LogArchive>(with_backups(R"({"backups": []})")));
    CHECK_FALSE(tells<LogArchive>(with_backups(R"({"backups": [], "pitr": null})")));
}

TEST_CASE("a start that is null means that no backup can be used for PITR, and not that it reaches back for ever") {
    for (const char* end : {"null", R"("2026-11-22T02:00:00Z")"}) {
        const LogArchive archive = range("null", end);
        CHECK_FALSE(archive.oldest_at);
        CHECK_FALSE(archive.newest_at);
        CHECK(archive.enabled == Told::yes);
        CHECK(archive.from_repository);
    }
}

TEST_CASE("an end that is null means up to now, and is well") {
    const LogArchive archive = range(R"("2026-11-08T03:00:00Z")", "null");
    CHECK(core::config::format_time(*archive.oldest_at) == "2026-11-08T03:00:00Z");
    CHECK(archive.newest_at == kStart);
    CHECK(archive.pending == Told::not_told);
}

TEST_CASE("an end that is told means that what was written since is not safe") {
    const LogArchive archive = range(R"("2026-11-08T03:00:00Z")", R"("2026-11-22T01:00:00Z")");
    CHECK(core::config::format_time(*archive.newest_at) == "2026-11-22T01:00:00Z");
    CHECK(archive.pending == Told::yes);
}

TEST_CASE("of a service that is powered off nobody tells up to when one could go back: not up to now") {
    const LogArchive archive = range(R"("2026-11-08T03:00:00Z")", "null", "POWEROFF");
    CHECK(archive.oldest_at);
    CHECK_FALSE(archive.newest_at);
    CHECK(archive.pending == Told::no);
}

TEST_CASE("a range that lacks a key is no range") {
    for (const char* pitr :
         {"{}", R"({"primary_region": {"pitr_range_start": null}})", R"({"primary_region": {"pitr_range_end": null}})",
          R"({"primary_region": null})", R"({"primary_region": {"pitr_range_start": 1, "pitr_range_end": null}})",
          R"({"primary_region": {"pitr_range_start": null, "pitr_range_end": null},
                                 "additional_regions": [{"cloud": "c", "pitr_range_start": null,
                                                         "pitr_range_end": "2026-11-22T01:00:00Z"}]})"}) {
        CAPTURE(pitr);
        const SubjectReport report = with_backups(fmt::format(R"({{"backups": [], "pitr": {}}})", pitr));
        CHECK(report.failure);
        CHECK_FALSE(tells<LogArchive>(report));
    }
}

TEST_CASE("an additional region has its own backups, range and lag") {
    const core::Result<core::Seen> seen = Project{}.look();
    const SubjectReport& region = subject(seen, "orders-pg/aws-eu-west-1");
    CHECK(region.location.region == "aws-eu-west-1");
    CHECK(evidence<core::RecoveryPoints>(region).count == 14);
    CHECK(evidence<LogArchive>(region).newest_at == kStart - 4min);
    CHECK(evidence<LogArchive>(region).pending == Told::yes);
    CHECK(state(region, "backup_synchronization") == AssertionState::holds);
}

TEST_CASE("copies that are paused are told with the reason") {
    Project project;
    project.set_backups("orders-pg", changed(aiven_document("backups-pg"), R"("paused": false)",
                                             R"("paused": true, "pause_reason": "no space")"));
    const core::Result<core::Seen> seen = project.look();
    const SubjectReport& region = subject(seen, "orders-pg/aws-eu-west-1");
    CHECK(state(region, "backup_synchronization") == AssertionState::fails);
    CHECK(assertion(region, "backup_synchronization")->detail == "no space");
}

TEST_CASE("Kafka has no backups: its configuration's do not count") {
    Project project(pg_service("", "RUNNING", "kafka"), fmt::format(R"({{"backups": [{}]}})", kOne));
    project.expected.topics = {};
    const core::Result<core::Seen> seen = project.look();
    CHECK_FALSE(tells<core::RecoveryPoints>(subject(seen, "orders-pg")));
    CHECK_FALSE(collectors::aiven_questions(project.expected, project.answers.services).at(0).backups);
    CHECK(collectors::aiven_types(project.expected, project.answers.services, "", kStart).empty());
}

TEST_CASE("a plan without backups has none to miss, and one that nobody knows has") {
    Project project(pg_service("", "RUNNING", "grafana"));
    CHECK(tells<core::RecoveryPoints>(subject(project.look(), "orders-pg")));
    project.answers.plans.insert_or_assign("grafana", json(R"({"service_plans": [{"service_plan": "business-4",
        "backup_config": {"interval": 24, "max_count": 0, "recovery_mode": "basic"}}]})"));
    const core::Result<core::Seen> none = project.look();
    CHECK_FALSE(tells<core::RecoveryPoints>(subject(none, "orders-pg")));
    CHECK(is_not_asked(assertion(subject(none, "orders-pg"), "backup_count")));
}

TEST_CASE("the plan says how many backups there are to be, as far as the service's age allows") {
    CHECK(count(14, 90 * 24h)->expected == "13");
    CHECK(core::state_of(*count(13, 90 * 24h)) == AssertionState::holds);
    CHECK(core::state_of(*count(12, 90 * 24h)) == AssertionState::fails);
    CHECK(count(12, 90 * 24h)->priority == core::Priority::p3);
    CHECK(core::state_of(*count(4, 5 * 24h)) == AssertionState::holds);
    CHECK(core::state_of(*count(3, 5 * 24h)) == AssertionState::fails);
    // Too young, powered off, or by rules of its own, each of which ends what was missing by the plan.
    CHECK(is_not_asked(count(0, 47h)));
    CHECK(is_not_asked(count(3, 90 * 24h, "", "POWEROFF")));
    CHECK(is_not_asked(count(3, 90 * 24h, R"(, "user_config": {"backup_interval_hours": 6})")));
    CHECK(is_not_asked(count(3, 90 * 24h, R"(, "user_config": {"backup_retention_days": 2})")));
    CHECK(count(3, 90 * 24h, R"(, "user_config": {"backup_interval_hours": null})")->expected == "13");
}

TEST_CASE("a service that moved to a larger plan has no backups of before") {
    Project project;
    const std::string small = changed(aiven_document("services"), "business-4", "startup-4");
    project.answers.services = json(small);
    const std::string before = project.look()->cursor;
    project.answers.services = json(aiven_document("services"));
    project.set_backups("orders-pg", R"({"backups": [], "pitr": {"additional_regions": [],
        "primary_region": {"pitr_range_start": null, "pitr_range_end": null}}})");
    const core::Result<core::Seen> moved = project.look(before);
    CHECK(is_not_asked(assertion(subject(moved, "orders-pg"), "backup_count")));
    project.now += 5 * 24h;
    const core::Result<core::Seen> later = project.look(moved->cursor);
    CHECK(assertion(subject(later, "orders-pg"), "backup_count")->expected == "4");
}

TEST_CASE("a plan's promise is read once a day, and kept while it cannot be read") {
    Project project;
    const std::string cursor = project.look()->cursor;
    const auto types = [&](core::Duration later, const std::string& known) {
        return collectors::aiven_types(project.expected, project.answers.services, known, kStart + later);
    };
    CHECK(types(0h, "") == std::vector<std::string>{"pg", "valkey"});
    CHECK(types(23h, cursor).empty());
    CHECK(types(24h, cursor).size() == 2);
    project.answers.plans.clear();
    project.answers.plans.insert_or_assign("pg", core::failed(FailureKind::refused, "403"));
    const core::Result<core::Seen> kept = project.look(cursor);
    CHECK(assertion(subject(kept, "orders-pg"), "recovery_mode"));
    // Never known: it stays untold, and the rest is no worse for it.
    const core::Result<core::Seen> untold = project.look();
    CHECK_FALSE(assertion(subject(untold, "orders-pg"), "recovery_mode"));
    CHECK_FALSE(subject(untold, "orders-pg").failure);
}

TEST_CASE("a plan that promises PITR and a service without one") {
    Project project;
    project.set_backups("orders-pg", fmt::format(R"({{"backups": [{}]}})", kOne));
    const core::Result<core::Seen> seen = project.look();
    CHECK(state(subject(seen, "orders-pg"), "recovery_mode") == AssertionState::fails);
    // Of a plan without PITR nobody asks for it, so that it ends when the service moves to one.
    CHECK(is_not_asked(assertion(subject(seen, "sessions-valkey"), "recovery_mode")));
}

TEST_CASE("backups that cannot be asked for: those of the list count when it was refused, and it is said") {
    Project project;
    project.answers.backups.insert_or_assign("orders-pg", core::failed(FailureKind::refused, "403"));
    core::Result<core::Seen> seen = project.look();
    CHECK(points(seen, "orders-pg").count == 14);
    CHECK_FALSE(tells<LogArchive>(subject(seen, "orders-pg")));
    CHECK_THAT(failure_of(subject(seen, "orders-pg")), ContainsSubstring("403\nhint: "));
    CHECK_FALSE(seen->complete);
    for (const FailureKind kind : {FailureKind::timed_out, FailureKind::unreachable, FailureKind::bad_answer}) {
        project.answers.backups.insert_or_assign("orders-pg", core::failed(kind, "no"));
        seen = project.look();
        CHECK(subject(seen, "orders-pg").failure->kind == kind);
        CHECK_FALSE(tells<core::RecoveryPoints>(subject(seen, "orders-pg")));
        CHECK(tells<core::Reachability>(subject(seen, "orders-pg")));
        CHECK_FALSE(seen->complete);
    }
    // By choice, nothing is missing; but a list that has none says nothing.
    project.expected.pitr = false;
    project.answers.backups.clear();
    seen = project.look();
    CHECK(points(seen, "orders-pg").count == 14);
    CHECK_FALSE(subject(seen, "orders-pg").failure);
    const core::Result<core::Seen> untold = [] {
        Project without(pg_service(""));
        without.expected.pitr = false;
        without.answers.backups.clear();
        return without.look();
    }();
    CHECK(subject(untold, "orders-pg").failure);
}

TEST_CASE("errors beside backups: what is there counts, what is not there is not missing") {
    Project project;
    const std::string errors = R"("errors": [{"message": "try later", "status": 503}], "backups": [)";
    project.set_backups("orders-pg", changed(aiven_document("backups-pg"), R"("backups": [)", errors));
    core::Result<core::Seen> seen = project.look();
    CHECK(points(seen, "orders-pg").count == 14);
    CHECK(failure_of(subject(seen, "orders-pg")) == "answered with errors: try later");
    for (const char* odd : {"1", "[1]", "[{}]", R"([{"message": 1}])"}) {
        project.set_backups("orders-pg",
                            changed("{" + errors + "]}", R"([{"message": "try later", "status": 503}])", odd));
        CHECK(failure_of(subject(project.look(), "orders-pg")) == "answered with errors: no message");
    }
    project.set_backups("orders-pg", "{" + errors + "]}");
    seen = project.look();
    CHECK_FALSE(tells<core::RecoveryPoints>(subject(seen, "orders-pg")));
    CHECK_FALSE(assertion(subject(seen, "orders-pg"), "recovery_mode"));
    CHECK(subject(seen, "orders-pg").failure);
}

TEST_CASE("a cursor that is none is an empty one, and one that is is read as it was written") {
    using namespace collectors::aiven_parts;
    for (const char* odd : {"", "{", "[]", R"({"services": {}})", R"({"services": {"a": 1}, "promises": {}})"})
        CHECK(read_cursor(odd) == Cursor{});
    const Cursor cursor = read_cursor(Project{}.look()->cursor);
    CHECK(cursor.services.size() == 3);
    CHECK(cursor.promises.at("pg/business-4") ==
          Promise{.interval_hours = 24, .max_count = 14, .pitr = true, .two_schedules = false, .read_at = kStart});
    CHECK(read_cursor(write_cursor(cursor)) == cursor);
}
