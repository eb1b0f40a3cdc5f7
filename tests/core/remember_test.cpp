// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support.hpp"

#include <catch2/catch_test_macros.hpp>

namespace recoverd::core {

namespace {

const Failure kBroken{FailureKind::bad_answer, "cut off"};

Exercise started(std::string id, Time at) { return {.id = std::move(id), .exercise = "drill", .started_at = at}; }
Exercise ended(std::string id, Time at, ExerciseOutcome outcome = ExerciseOutcome::passed,
               Depth depth = Depth::restored) {
    return {.id = std::move(id), .exercise = "drill", .outcome = outcome, .ended_at = at, .depth = depth};
}

std::vector<std::string> ids(const std::vector<Exercise>& runs) {
    std::vector<std::string> found;
    for (const Exercise& exercise : runs)
        found.push_back(exercise.id);
    return found;
}

} // namespace

TEST_CASE("a failed run leaves what is known as it was, and says why and since when") {
    Bench bench;
    bench.sees({Fingerprint{"id", "1"}}).after(1min).fails().after(1min).fails(FailureKind::refused, "403");
    CHECK(bench.memory.last_success == kNow);
    CHECK(bench.memory.last_run == kNow + 2min);
    CHECK(bench.memory.failing_since == kNow + 1min);
    CHECK(bench.memory.failure == Failure{FailureKind::refused, "403"});
    CHECK(bench.memory.failures_total == std::array<std::uint64_t, 5>{0, 1, 1, 0, 0});
    CHECK(bench.seen().learned_at == kNow);
    CHECK(bench.seen().evidence->size() == 1);
    CHECK_FALSE(bench.sees({Fingerprint{"id", "1"}}).memory.failure);
}

TEST_CASE("a failure that is over is remembered with its beginning, its end and its last words, until the next one") {
    Bench bench;
    bench.fails().after(1min).fails(FailureKind::refused, "403");
    CHECK_FALSE(bench.memory.last_failure);
    bench.after(1min).sees({Fingerprint{"id", "1"}});
    const PastFailure over{{FailureKind::refused, "403"}, kNow, kNow + 2min};
    CHECK(bench.memory.last_failure == over);
    bench.after(1h).sees({Fingerprint{"id", "1"}}).after(1min).fails();
    CHECK(bench.memory.last_failure == over);
    bench.after(1min).sees({Fingerprint{"id", "1"}});
    CHECK(bench.memory.last_failure->began_at == kNow + 2min + 1h + 1min);
}

TEST_CASE("a subject is no younger for other options of its check, however often they change before it is seen") {
    Bench bench;
    bench.sees({all({good(1h)})}).after(kDay);
    bench.memory = begun_anew(bench.memory, true);
    CHECK(bench.memory.subjects.empty());
    // A mistake, and what mends it.
    bench.answers(Seen{}).fails();
    bench.memory = begun_anew(bench.memory, true);
    bench.subject = "other";
    bench.sees({all({})});
    CHECK(bench.seen().first_seen == kNow + kDay);
    CHECK_FALSE(bench.seen().newest_good_at);
    bench.subject = "main";
    bench.after(kDay).sees({all({})});
    CHECK(bench.seen().first_seen == kNow);
    CHECK(bench.seen().newest_good_at == kNow - 1h);
    CHECK(bench.memory.seen_before.empty());
    // What another collector calls so is another thing.
    bench.memory = begun_anew(bench.memory, false);
    bench.sees({all({})});
    CHECK(bench.seen().first_seen == kNow + 2 * kDay);
    CHECK_FALSE(bench.seen().newest_good_at);
}

TEST_CASE("of what no change of options brought back so much is kept, and what was seen last in any case") {
    Bench bench;
    bench.sees({all({})});
    for (std::size_t i = 0; i < 2 * kMaxSeenBefore; ++i)
        bench.memory.seen_before[fmt::format("a{}", i)] = {};
    bench.memory = begun_anew(bench.memory, true);
    CHECK(bench.memory.seen_before.size() == kMaxSeenBefore);
    CHECK(bench.memory.seen_before.contains(bench.subject));
}

TEST_CASE("the first report dates the check, a known beginning stays") {
    Bench bench;
    CHECK(bench.fails().memory.first_seen == kNow);
    CHECK(bench.after(1h).fails().memory.first_seen == kNow);
    CHECK(bench.memory.last_took == 1s);
}

TEST_CASE("a cursor is kept from the last answer, and over a failure") {
    Bench bench;
    bench.answers({.cursor = "42"}).fails();
    CHECK(bench.memory.cursor == "42");
}

TEST_CASE("half an answer replaces the kinds it holds, and does not make the rest young") {
    Bench bench;
    bench.sees({Fingerprint{"id", "1"}, all({good(1h)})}).after(1h);
    bench.answers({{{"main", {}, {Fingerprint{"id", "2"}}, kBroken}}});
    CHECK(*bench.seen().evidence == EvidenceList{Fingerprint{"id", "2"}, all({good(1h)})});
    CHECK(bench.seen().learned_at == kNow);
    CHECK(bench.seen().failure == kBroken);
    CHECK(bench.seen().failing_since == kNow + 1h);
    CHECK(bench.seen().learned_of(EvidenceKind::fingerprint) == kNow + 1h);
    CHECK(bench.seen().learned_of(EvidenceKind::recovery_points) == kNow);
    bench.after(1h).answers({{{"main", {}, {}, kBroken}}});
    CHECK(bench.seen().learned_of(EvidenceKind::fingerprint) == kNow + 1h);
    CHECK(bench.seen().failing_since == kNow + 1h);
    CHECK(bench.seen().evidence->size() == 2);
    CHECK_FALSE(bench.sees({Fingerprint{"id", "2"}}).seen().failure);
    CHECK(bench.seen().evidence->size() == 1);
    CHECK(bench.seen().learned_of(EvidenceKind::fingerprint) == kNow + 2h);
    CHECK(bench.seen().half_learned.empty());
}

TEST_CASE("what was learned is known to be asked for when its own run began, whatever runs came later") {
    using enum EvidenceKind;
    Bench bench;
    const auto run = [&](Duration took, Result<Seen> result) {
        bench.after(1h);
        remember(bench.memory, bench.check, {bench.now, took, std::move(result)});
    };
    run(4min, Seen{{{"main", {}, {Fingerprint{"id", "1"}, all({good(1h)})}, {}}}});
    CHECK(bench.seen().asked_for(fingerprint) == kNow + 56min);
    run(3min, Seen{{{"main", {}, {Fingerprint{"id", "1"}}, kBroken}}});
    run(1s, failed(FailureKind::timed_out, "no answer"));
    CHECK(bench.seen().asked_for(fingerprint) == kNow + 117min);
    CHECK(bench.seen().asked_for(recovery_points) == kNow + 56min);
}

TEST_CASE("a job that is seen after half an answer did not begin before that") {
    Bench bench;
    bench.sees({all({good(1h)})}).after(10h);
    RecoveryPoints points = all({good(1h, {}, bench.now)});
    bench.answers({{{"main", {}, {points}, kBroken}}}).after(10h);
    points.jobs = {BackupJob{.state = JobState::running}};
    bench.answers({{{"main", {}, {points}, kBroken}}});
    REQUIRE(bench.seen().running.size() == 1);
    CHECK(bench.seen().running.front().first_seen == bench.now);
}

TEST_CASE("half an answer about something new is all that is known of it") {
    Bench bench;
    bench.answers({{{"main", {.node = "n1"}, {Fingerprint{"id", "2"}}, kBroken}}});
    CHECK(bench.seen().learned_at == kNow);
    CHECK(bench.seen().location.node == "n1");
}

TEST_CASE("half an answer that does not say where something stands leaves it where it stood, a whole one does not") {
    Bench bench;
    bench.answers({{{"main", {.node = "n1"}, {Fingerprint{"id", "1"}}, {}}}});
    bench.answers({{{"main", {}, {Fingerprint{"id", "1"}}, kBroken}}});
    CHECK(bench.seen().location.node == "n1");
    bench.answers({{{"main", {.node = "n2"}, {Fingerprint{"id", "1"}}, kBroken}}});
    CHECK(bench.seen().location.node == "n2");
    bench.answers({{{"main", {}, {Fingerprint{"id", "1"}}, {}}}});
    CHECK(bench.seen().location == Location{});
}

TEST_CASE("an answer without evidence teaches nothing") {
    Bench bench;
    bench.sees({Fingerprint{"id", "1"}}).sees_nothing_of_it(kBroken).after(1h).sees({});
    CHECK(bench.seen().learned_at == kNow);
    CHECK(bench.seen().failure == kBroken);
}

TEST_CASE("who comes and goes by nature is forgotten when a whole answer lacks it, and stays over half of one") {
    Bench bench;
    const auto passing = [](const char* name) {
        return SubjectReport{.subject = name, .evidence = {Fingerprint{"id", "1"}}, .passing = true};
    };
    bench.answers({{passing("node/n1"), passing("node/n2"), {"web", {}, {Fingerprint{"id", "1"}}, {}}}});
    bench.answers({.subjects = {}, .complete = false});
    CHECK(bench.memory.subjects.size() == 3);
    CHECK_FALSE(remember(bench.memory, bench.check, {kNow, 1s, Seen{{passing("node/n1"), passing("node/n2")}}}));
    CHECK(remember(bench.memory, bench.check, {kNow, 1s, Seen{{passing("node/n2"), passing("node/n3")}}}));
    CHECK_FALSE(bench.memory.subjects.contains("node/n1"));
    CHECK(bench.memory.subjects.contains("node/n3"));
    CHECK(bench.memory.subjects.at("web").vanished_since);
}

TEST_CASE("an exercise whose only trace is deleted stays proven, is missed by nobody, and goes behind the next of it") {
    Bench bench;
    const auto run = [&](int number) {
        const std::string id = std::to_string(number);
        return SubjectReport{.subject = "job/" + id, .evidence = {ended(id, bench.now)}, .passing = true};
    };
    bench.answers({{run(0)}}).after(1h).answers({});
    REQUIRE(bench.memory.subjects.contains("job/0"));
    CHECK(bench.memory.subjects.at("job/0").exercises.size() == 1);
    bench.subject = "job/0";
    CHECK(bench.says().empty());
    bench.answers({{{.subject = "job/x", .evidence = {started("x", bench.now)}, .passing = true}}}).answers({});
    CHECK_FALSE(bench.memory.subjects.contains("job/x"));
    bench.after(1h).answers({{run(1)}}).answers({});
    CHECK_FALSE(bench.memory.subjects.contains("job/0"));
    // That a later one fails takes no proof away.
    SubjectReport broken = run(2);
    broken.evidence = {ended("2", bench.after(1h).now, ExerciseOutcome::failed)};
    bench.answers({{broken}}).answers({});
    CHECK(bench.memory.subjects.size() == 2);
}

TEST_CASE("of exercises that come and go under ever new names so many are remembered, the newest") {
    Bench bench;
    for (int batch = 0; batch < 3; ++batch) {
        Seen seen;
        for (int i = 0; i < 500; ++i) {
            Exercise run = ended("1", bench.after(1s).now);
            run.exercise = fmt::format("kill-{}-{}", batch, i);
            seen.subjects.push_back({.subject = "podchaos/" + run.exercise, .evidence = {run}, .passing = true});
        }
        bench.answers(std::move(seen));
    }
    bench.answers({});
    CHECK(bench.memory.subjects.size() == 1000);
    CHECK_FALSE(bench.memory.subjects.contains("podchaos/kill-0-499"));
    CHECK(bench.memory.subjects.contains("podchaos/kill-1-0"));
}

TEST_CASE("the newest end of an exercise is kept behind many others, or an older one that failed would speak again") {
    Bench bench;
    Exercise failover = ended("f-2", bench.now);
    failover.exercise = "failover";
    Exercise failed = ended("f-1", bench.now - 1h);
    failed.exercise = "failover";
    failed.outcome = ExerciseOutcome::failed;
    // Kubernetes keeps a Job that failed for longer than one that succeeded.
    const SubjectReport kept{.subject = "job/f-1", .evidence = {failed}, .passing = true};
    bench.answers({{kept, {.subject = "job/f-2", .evidence = {failover}, .passing = true}}})
        .after(1h)
        .answers({{kept}});
    for (int i = 1; i <= 100; ++i) {
        const std::string id = std::to_string(i);
        bench.after(1h).answers(
            {{kept, {.subject = "job/" + id, .evidence = {ended(id, bench.now)}, .passing = true}}});
    }
    CHECK(bench.memory.subjects.contains("job/f-2"));
    CHECK_FALSE(bench.memory.subjects.contains("job/1"));
}

TEST_CASE("what was expected of who came and went by nature can fail no more, and what it proved is kept") {
    Bench bench;
    bench.subject = "kill";
    Assertion stuck;
    stuck.name = "cleanup";
    stuck.expected = "ok";
    stuck.actual = "stuck";
    const Assertions cleanup{{stuck}};
    bench.answers({{{.subject = "kill", .evidence = {ended("1", bench.now), cleanup}, .passing = true}}});
    CHECK(bench.says(RuleId::assertion_failed).size() == 1);
    // Half of an answer does not say that it is gone.
    bench.after(1h).answers({.subjects = {}, .complete = false});
    CHECK(bench.says(RuleId::assertion_failed).size() == 1);
    bench.after(1h).answers({});
    CHECK(bench.says().empty());
    CHECK(bench.seen().exercises.size() == 1);
    // One of that name that comes later is told anew.
    bench.after(1h).answers({{{.subject = "kill", .evidence = {ended("2", bench.now), cleanup}, .passing = true}}});
    CHECK(bench.says(RuleId::assertion_failed).size() == 1);
}

TEST_CASE("only a complete answer makes things vanish, once") {
    Bench bench;
    bench.sees({Fingerprint{"id", "1"}}).after(1h);
    CHECK_FALSE(bench.answers({.complete = false}).seen().vanished_since);
    CHECK(bench.answers({}).seen().vanished_since == kNow + 1h);
    CHECK(bench.after(1h).answers({}).seen().vanished_since == kNow + 1h);
    CHECK(bench.sees({Fingerprint{"id", "1"}}).seen().first_seen == kNow);
    CHECK_FALSE(bench.seen().vanished_since);
}

TEST_CASE("a weekly full is remembered among hundreds of incrementals") {
    Bench bench;
    std::vector<RecoveryPoint> points{sized(200h, 1, "full")};
    for (int i = 199; i > 0; --i)
        points.push_back(sized(1h * i, 2, "incr"));
    bench.sees({all(points)}).sees({all(points)});
    CHECK(bench.seen().past_points.size() == kMaxPastPoints);
    CHECK(bench.seen().past_points.front().backup_type == "full");
    CHECK(bench.seen().past_points.at(1).ended_at == kNow - 49h);
    CHECK(bench.seen().past_points.back().ended_at == kNow - 1h);
}

TEST_CASE("a past point is told anew, not doubled, and bad or future ones are not remembered") {
    Bench bench;
    bench.sees({all({sized(1h, 1)})}).sees({all({sized(1h, 2)})});
    CHECK(bench.seen().past_points.size() == 1);
    CHECK(bench.seen().past_points.at(0).size_bytes == 2);
    bench.sees({all({in_state(sized(30min, 1), PointState::bad), sized(-1h, 1)})});
    CHECK(bench.seen().past_points.size() == 1);
}

TEST_CASE("lists that are cut off miss no point as long as each shows what ended before the last look") {
    Bench bench;
    const auto look = [&](Duration oldest, Duration newest, std::uint64_t count = 400) {
        RecoveryPoints points = all({good(oldest), good(newest)});
        points.count = count;
        return bench.sees({points}).seen().points_known_since;
    };
    CHECK(look(10h, 5h) == kNow - 10h);
    CHECK(look(6h, 1h) == kNow - 10h);
    // A former release did not remember it.
    bench.seen().points_known_since.reset();
    CHECK(look(2h, 0h) == kNow - 6h);
    bench.after(kDay);
    CHECK(look(-23h, -24h) == kNow + 23h);
    bench.after(kDay);
    // A whole list lacks what was removed, and nothing else.
    CHECK(look(-47h, -48h, 2) == kNow + 23h);
    CHECK(look(20h, -48h, 2) == kNow - 20h);
    CHECK(bench.sees({all({})}).seen().points_known_since == kNow - 20h);
    bench.after(kDay);
    CHECK(look(-71h, -72h) == kNow + 71h);
}

TEST_CASE("the newest good moment is kept when there is none any more") {
    Bench bench;
    bench.sees({all({good(1h)})}).sees({all({})});
    CHECK(bench.seen().newest_good_at == kNow - 1h);
    CHECK_FALSE(newest_good_now(bench.seen()));
}

TEST_CASE("what is not saved counts from the first change, and anew after each backup") {
    Bench bench;
    const auto look = [&](Duration backup_age, Duration change_age) {
        RecoveryPoints points = all({good(backup_age, "", bench.now)});
        points.source_changed_at = bench.now - change_age;
        return bench.sees({points}).seen().unsaved_since;
    };
    CHECK(look(2h, 3h) == std::nullopt);
    CHECK(look(2h, 1h) == kNow - 1h);
    bench.after(1h);
    CHECK(look(3h, 10min) == kNow - 1h);
    CHECK(look(30min, 10min) == bench.now - 10min);
    CHECK(look(0min, 10min) == std::nullopt);
}

TEST_CASE("a run is remembered from its start to its end, whatever order they come in") {
    Bench bench;
    bench.sees({started("1", kNow)});
    CHECK(bench.seen().exercises.at(0).outcome == ExerciseOutcome::started);
    bench.after(1h).sees({ended("1", bench.now)});
    CHECK(bench.seen().exercises.at(0).outcome == ExerciseOutcome::passed);
    CHECK(bench.seen().exercises.at(0).started_at == kNow);
    bench.sees({started("1", kNow)});
    CHECK(bench.seen().exercises.at(0).outcome == ExerciseOutcome::passed);
    CHECK(bench.seen().exercises.size() == 1);
}

TEST_CASE("of the ends of an exercise the newest and the newest proof stay") {
    Bench bench;
    bench.sees({ended("1", kNow - 4h), ended("2", kNow - 3h),
                ended("3", kNow - 2h, ExerciseOutcome::passed, Depth::listed),
                ended("4", kNow - 1h, ExerciseOutcome::failed)});
    CHECK(ids(bench.seen().exercises) == std::vector<std::string>{"2", "4"});
    bench.sees({ended("0", kNow - 5h)});
    CHECK(ids(bench.seen().exercises) == std::vector<std::string>{"2", "4"});
    CHECK(ids(bench.sees({ended("5", kNow)}).seen().exercises) == std::vector<std::string>{"5"});
}

TEST_CASE("a run that goes on while another ended stays, one from before does not") {
    Bench bench;
    bench.sees({started("old", kNow - 3h), started("new", kNow - 1h), ended("x", kNow - 2h)});
    CHECK(ids(bench.seen().exercises) == std::vector<std::string>{"new", "x"});
}

TEST_CASE("a run from the future is not remembered") {
    CHECK(Bench{}.sees({ended("1", kNow + 2min + 1ms)}).seen().exercises.empty());
    CHECK(Bench{}.sees({ended("1", kNow + 2min)}).seen().exercises.size() == 1);
}

TEST_CASE("runs without a name are told apart by their start, and without times dated by the look") {
    Bench bench;
    bench.sees({started("", kNow - 2h), started("", kNow - 1h)});
    CHECK(bench.seen().exercises.size() == 2);
    Bench other;
    other.sees({Exercise{.id = "1", .exercise = "drill"}}).after(1h);
    other.sees({Exercise{.id = "1", .exercise = "drill"}});
    CHECK(other.seen().exercises.at(0).started_at == kNow);
    const Exercise untimed{.id = "1", .exercise = "drill", .outcome = ExerciseOutcome::passed};
    other.sees({untimed}).after(1h).sees({untimed});
    CHECK(other.seen().exercises.at(0).ended_at == kNow + 1h);
}

TEST_CASE("a run that was seen running and tells no end has ended when it is seen to have") {
    Bench bench;
    bench.sees({started("1", kNow - 1h)}).after(1min);
    Exercise over = started("1", kNow - 1h);
    over.outcome = ExerciseOutcome::aborted;
    bench.sees({over}).after(1h).sees({over});
    REQUIRE(bench.seen().exercises.size() == 1);
    CHECK(bench.seen().exercises.front().started_at == kNow - 1h);
    CHECK(bench.seen().exercises.front().ended_at == kNow + 1min);
}

TEST_CASE("a job that starts again and again and never ends does not fill the memory") {
    Bench bench;
    for (int i = 0; i < 100; ++i)
        bench.after(1min).sees({started(fmt::format("{}", i), bench.now)});
    CHECK(bench.seen().exercises.size() == 16);
    CHECK(bench.seen().exercises.front().id == "0");
}

TEST_CASE("a value that may rise remembers since when it is what it is") {
    Bench bench;
    bench.sees({Fingerprint{"n", "1", Constancy::rising}}).after(1h).sees({Fingerprint{"n", "2", Constancy::rising}});
    bench.after(1h).sees({Fingerprint{"n", "2", Constancy::rising}});
    CHECK(bench.seen().fingerprints == std::vector<PastFingerprint>{{"n", "2", kNow + 1h, "", {}}});
}

} // namespace recoverd::core
