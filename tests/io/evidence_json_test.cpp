// SPDX-License-Identifier: Apache-2.0
#include "io/evidence_json.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>

namespace recoverd::io {

using namespace core;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Message;
using Catch::Matchers::MessageMatches;

namespace {

constexpr Time kNow{std::chrono::milliseconds{1'795'316'400'123}};

RecoveryPoint point() {
    return {.id = "20261122-030000F",
            .data_at = kNow,
            .ended_at = kNow + 1min,
            .size_bytes = 18'446'744'073'709'551'615U,
            .stored_bytes = 1,
            .duration = 1001ms,
            .backup_type = "full",
            .state = PointState::bad,
            .detail = "a \"quoted\" page\n",
            .depth = Depth::queried,
            .encrypted = Told::yes,
            .kept_until = kNow + kDay,
            .needs = {"a", "b"}};
}

/// Every member of every kind differs from its default.
std::vector<Evidence> one_of_each() {
    return {
        RecoveryPoints{.method = "pgbackrest",
                       .points = {point()},
                       .count = 7,
                       .oldest_at = kNow - kDay,
                       .jobs = {{JobState::failed, "diff", kNow - 1h, kNow, "out of space"}, {}},
                       .tells_jobs = Told::no,
                       .source_changed_at = kNow},
        LogArchive{.enabled = Told::yes,
                   .oldest_at = kNow - kDay,
                   .newest_at = kNow,
                   .pending = Told::yes,
                   .pending_bytes = 1U << 24U,
                   .pending_segments = 3,
                   .waiting_since = kNow,
                   .failing_since = kNow,
                   .failing_detail = "exit code 1",
                   .last_segment = "00000001000000000000000A",
                   .gaps = {{"00000001000000000000000A", "00000001000000000000000B", 2}},
                   .whole_since = kNow - 1h,
                   .from_repository = true,
                   .system_id = "7312345678901234567"},
        Replication{.role = "primary",
                    .timeline = "3",
                    .followers = {{"s1", FollowerState::missing, true, 1500ms, 99, 1h}, {.name = "s2"}},
                    .slots = {{"slot", true, true, 5, 6}}},
        Exercise{.id = "81",
                 .exercise = "restore-test",
                 .outcome = ExerciseOutcome::passed,
                 .started_at = kNow,
                 .ended_at = kNow + 1h,
                 .depth = Depth::smoke_tested,
                 .rpo = 240s,
                 .rto = 1300s,
                 .link = "https://ci.example/81",
                 .message = "12 tables"},
        Reachability{.target = "db1:5432",
                     .state = ReachState::degraded,
                     .latency = 5ms,
                     .detail = "slow",
                     .certificate = Certificate{kNow, kNow + kDay, kNow, "expired", "CN=db1"}},
        Assertions{{{"versioning", "on", "off", Compare::equal, Told::not_told, Priority::p1, "bucket"},
                    {.name = "plug-in", .compare = Compare::verdict, .verdict = Told::no}}},
        Fingerprint{"serial", "12", Constancy::rising},
        Measurement{"depth", 0.1, "bytes", 10.0, -1.5, true, Priority::p4},
    };
}

SubjectReport about(std::string subject, std::vector<Evidence> evidence) {
    return {.subject = std::move(subject), .evidence = std::move(evidence)};
}

} // namespace

TEST_CASE("every kind of evidence comes back as it was written") {
    const auto all = one_of_each();
    REQUIRE(all.size() == std::variant_size_v<Evidence>);
    for (const auto& evidence : all) {
        JsonWriter out;
        write(out, evidence);
        INFO(out.text());
        CHECK(read_evidence(Json::parse(out.text())) == evidence);
    }
}

TEST_CASE("evidence reads as the documents say") {
    JsonWriter out;
    write(out, Fingerprint{"serial", "12", Constancy::rising});
    CHECK(out.text() == R"({"kind":"fingerprint","name":"serial","value":"12","constancy":"rising"})");
    JsonWriter exercise;
    write(exercise, Exercise{.id = "1", .exercise = "drill", .started_at = kNow, .rto = 1500ms});
    CHECK(exercise.text() == R"({"kind":"exercise","id":"1","exercise":"drill","outcome":"started",)"
                             R"("started_at":"2026-11-22T03:00:00.123Z","depth":"exists","rto":1.5,"link":"",)"
                             R"("message":""})");
}

TEST_CASE("a report of many subjects comes back from its lines") {
    Seen seen{.subjects = {about("orders/repo1", one_of_each()), about("", {Fingerprint{"a", "b", {}}}),
                           about("listed only", {}), about("broken", {})},
              .complete = true,
              .cursor = "0000000A\n"};
    seen.subjects[0].location = {"node1", "a", "eu", "primary"};
    seen.subjects[3].location.node = "node2";
    seen.subjects[3].failure = Failure{FailureKind::refused, "permission denied"};
    seen.subjects[0].failure = Failure{FailureKind::timed_out, "second half"};
    const std::string lines = to_lines(seen);
    CHECK(std::ranges::count(lines, '\n') == 8 + 1 + 1 + 1 + 1 + 1);
    CHECK(from_lines(lines) == seen);
    CHECK(from_lines(to_lines(Seen{.complete = false})) == Seen{.complete = false});
}

TEST_CASE("lines without an end count as incomplete") {
    const Seen seen = from_lines("{\"subject\":\"a\",\"kind\":\"fingerprint\",\"name\":\"n\",\"value\":\"v\"}\n\n");
    CHECK_FALSE(seen.complete);
    CHECK(seen.subjects == std::vector{about("a", {Fingerprint{"n", "v", {}}})});
    CHECK_FALSE(from_lines("").complete);
}

TEST_CASE("lines of one subject may stand apart, and unknown members are passed over") {
    const Seen seen = from_lines(R"({"subject":"a","kind":"measurement","name":"x","value":1,"new":{"in":2030}}
{"subject":"b","kind":"measurement","name":"x","value":2}
{"subject":"a","kind":"measurement","name":"y","value":3}
{"complete":true})");
    CHECK(seen.complete);
    REQUIRE(seen.subjects.size() == 2);
    CHECK(seen.subjects[0].evidence.size() == 2);
}

TEST_CASE("a bad line is named by its number and the place in it") {
    const auto fails = [](std::string_view lines, const std::string& message) {
        CHECK_THROWS_MATCHES(from_lines(lines), BadDocument, Message(message));
    };
    fails("\n{\"kind\":\"recovery_points\",\"points\":[{\"id\":\"a\"}]}",
          "line 2: $.points[0].data_at: expected a time as RFC 3339, found nothing");
    fails(R"({"kind":"gossip"})",
          "line 1: $.kind: expected one of recovery_points, log_archive, replication, exercise, reachability, "
          "assertions, fingerprint, measurement, found \"gossip\"");
    fails(R"({"kind":"reachability","target":"db1:5432"})", "line 1: $.state: expected a string, found nothing");
    fails(R"({"kind":"measurement","name":"x","value":"12"})", "line 1: $.value: expected a number, found a string");
    fails(R"({"kind":"assertions","assertions":{}})", "line 1: $.assertions: expected an array, found an object");
    fails(R"({"kind":"replication","followers":[5]})", "line 1: $.followers[0]: expected an object, found a number");
    fails(R"({"kind":"exercise","exercise":"x","outcome":"passed","rto":1e300})",
          "line 1: $.rto: expected a duration in seconds, found a number");
    fails(R"({"kind":"log_archive","pending_bytes":-1})",
          "line 1: $.pending_bytes: expected a whole number from 0, found another number");
    fails("{}", "line 1: $.kind: expected a kind of evidence, found nothing");
    fails("[]", "line 1: $: expected an object, found an array");
    fails("{\"complete\":true}\n{\"subject\":\"late\"}", "line 2: expected nothing after the line with \"complete\"");
    CHECK_THROWS_MATCHES(from_lines("{\"subject\":\"a\"}\nOK - all fine"), BadDocument,
                         MessageMatches(ContainsSubstring("line 2: expected JSON, stopped at byte 1")));
}

TEST_CASE("points of a stranger are put in order, counted and cut to the newest") {
    RecoveryPoints many;
    for (int i = 0; i < 250; ++i) {
        RecoveryPoint made{.id = std::to_string(i), .data_at = kNow - i * 1h, .ended_at = kNow - i * 1h};
        made.state = i >= 240 ? PointState::bad : PointState::good;
        many.points.push_back(made);
    }
    JsonWriter out;
    write(out, many);
    const auto read = std::get<RecoveryPoints>(read_evidence(Json::parse(out.text())));
    CHECK(read.points.size() == kMaxPoints);
    CHECK(read.points.back().id == "0");
    CHECK(read.points.front().id == "199");
    CHECK(read.count == 250);
    CHECK(read.oldest_at == kNow - 239h);
}

TEST_CASE("memory comes back as it was written") {
    CheckMemory memory{.first_seen = kNow - kDay,
                       .last_run = kNow,
                       .last_success = kNow - 1h,
                       .last_took = 12ms,
                       .failure = Failure{FailureKind::unreachable, "no route to host"},
                       .failing_since = kNow - 30min,
                       .last_failure = PastFailure{{FailureKind::refused, "403"}, kNow - 3h, kNow - 2h},
                       .subjects = {},
                       .seen_before = {{"orders/repo2", {kNow - 400 * kDay, kNow - kDay}}, {"new", {kNow, {}}}},
                       .cursor = "42",
                       .failures_total = {1, 2, 3, 4, 18'446'744'073'709'551'615U}};
    SubjectMemory& subject = memory.subjects["orders/\"repo1\""];
    subject.first_seen = kNow - kDay;
    subject.location = {"n", "z", "r", "primary"};
    subject.evidence = std::make_shared<const EvidenceList>(one_of_each());
    subject.learned_at = kNow;
    subject.learned_took = 4min;
    subject.half_learned = {{EvidenceKind::log_archive, kNow, 5s}};
    subject.failure = Failure{FailureKind::bad_answer, "?"};
    subject.failing_since = kNow;
    subject.vanished_since = kNow;
    subject.past_points = {{"a", "pgbackrest", "full", kNow, 5, 6s}, {"b", "", "", kNow, std::nullopt, std::nullopt}};
    subject.points_known_since = kNow - kDay;
    subject.unsaved_since = kNow;
    subject.archived = {{"000000010000000000000003", kNow}};
    subject.failing_assertions = {{"versioning", "on", "off", Priority::p2, kNow}};
    subject.unknown_assertions = {{"lock", kNow - 1h}};
    subject.newest_good_at = kNow;
    subject.running = {{"full", kNow}};
    subject.last_failed_job = FailedJob{kNow, "diff", "d"};
    subject.bad_in_row = 4'294'967'295U;
    subject.good_in_row = 1;
    subject.settled = ReachState::down;
    subject.down_in_row = 2;
    subject.settled_since = kNow;
    subject.fingerprints = {{"serial", "1", kNow, "0", kNow}};
    subject.exercises = {{.id = "1", .exercise = "drill", .outcome = ExerciseOutcome::failed}};

    const CheckMemory read = read_memory(Json::parse(to_json(memory)));
    REQUIRE(read.subjects.contains("orders/\"repo1\""));
    const SubjectMemory& back = read.subjects.at("orders/\"repo1\"");
    // Lists are shared, and compared by address.
    CHECK(*back.evidence == *subject.evidence);
    CheckMemory expected = memory;
    expected.subjects.begin()->second.evidence = back.evidence;
    CHECK(read == expected);
}

TEST_CASE("what a validation found comes back as it was written, and reads with what an older release had") {
    const StepResult failed{.check = "search",
                            .state = StepState::failed,
                            .began_at = kNow - 4min,
                            .ended_at = kNow - 3min,
                            .asked_at = kNow - 4min,
                            .detail = "EndpointDown: down for 2m"};
    StepResult skipped = failed;
    skipped.state = StepState::skipped;
    ValidationMemory memory;
    memory.running = ValidationRun{
        .id = "r3", .cause = "asked for", .began_at = kNow, .steps = {{.check = "orders"}, {.check = "search"}}};
    memory.last = ValidationRun{.id = "r2",
                                .cause = "scenario az is over",
                                .began_at = kNow - 2min,
                                .ended_at = kNow - 1min,
                                .aborted = "its steps were changed",
                                .steps = {skipped}};
    memory.still_failed = {failed};
    CHECK(read_validation(Json::parse(to_json(memory))) == memory);
    const ValidationMemory older =
        read_validation(Json::parse(R"({"last":{"id":"r1","steps":[{"check":"search","state":"failed"}]}})"));
    CHECK(older.last->steps.at(0).state == StepState::failed);
    CHECK(older.still_failed.empty());
}

TEST_CASE("memory of an older release reads with what it has") {
    const CheckMemory read = read_memory(Json::parse(R"({"subjects":{"a":{"settled":"down"}}})"));
    CHECK(read.subjects.at("a").settled == ReachState::down);
    CHECK(read.subjects.at("a").evidence->empty());
    CHECK(read.seen_before.empty());
    CHECK_THROWS_MATCHES(read_memory(Json::parse(R"({"subjects":{"a":{"bad_in_row":4294967296}}})")), BadDocument,
                         Message("$.subjects.a.bad_in_row: expected a number up to 4294967295, found a number"));
    CHECK_THROWS_MATCHES(read_memory(Json::parse("[]")), BadDocument, Message("$: expected an object, found an array"));
}

} // namespace recoverd::io
