// SPDX-License-Identifier: Apache-2.0
#include "collectors/systemd_unit.hpp"
#include "io/evidence_json.hpp"
#include "tests/collectors/one_look.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd;
using namespace recoverd::collectors;
using test::kStart;

namespace {

io::UnitState unit() {
    io::UnitState state;
    state.load_state = "loaded";
    state.active_state = "inactive";
    state.sub_state = "dead";
    state.result = "success";
    return state;
}

io::UnitState ended(Time at, std::string invocation) {
    io::UnitState state = unit();
    state.exec_main_code = 1;
    state.exec_main_start = at - std::chrono::minutes{5};
    state.exec_main_exit = at;
    state.invocation_id = std::move(invocation);
    return state;
}

/// As systemd leaves a run: how its main process ended, and what it made of that.
io::UnitState ended_with(std::string result, int code, int status) {
    io::UnitState state = ended(kStart, "a1");
    state.active_state = result == "success" ? "inactive" : "failed";
    state.result = std::move(result);
    state.exec_main_code = code;
    state.exec_main_status = status;
    return state;
}

/// `systemctl reset-failed`: code, status, times and invocation stay.
io::UnitState reset(io::UnitState state) {
    state.active_state = "inactive";
    state.result = "success";
    return state;
}

const core::RecoveryPoints& points(const Seen& seen) {
    return std::get<core::RecoveryPoints>(seen.subjects.at(0).evidence.at(0));
}

const core::Assertion& assertion(const Seen& seen, std::size_t at) {
    return std::get<core::Assertions>(seen.subjects.at(0).evidence.at(1)).assertions.at(at);
}

} // namespace

TEST_CASE("a unit that never ran has no recovery point, although its result is success") {
    const Seen seen = interpret_systemd_unit(unit(), {}, "");
    CHECK(points(seen).points.empty());
    CHECK(points(seen).jobs.empty());
}

TEST_CASE("a run that ended well is a point of the moment it started") {
    const Seen seen = interpret_systemd_unit(ended(kStart, "a1"), {}, "");
    REQUIRE(points(seen).points.size() == 1);
    CHECK(points(seen).points[0].data_at == kStart - std::chrono::minutes{5});
    CHECK(points(seen).points[0].ended_at == kStart);
    CHECK(points(seen).points[0].duration == std::chrono::minutes{5});
}

TEST_CASE("a run that systemd forgot is still known") {
    const Seen first = interpret_systemd_unit(ended(kStart, "a1"), {}, "");
    const Seen second = interpret_systemd_unit(unit(), {}, first.cursor);
    REQUIRE(points(second).points.size() == 1);
    CHECK(points(second).points[0].id == "a1");
}

TEST_CASE("the same run seen twice is one point, the next run another") {
    const Seen first = interpret_systemd_unit(ended(kStart, "a1"), {}, "");
    const Seen again = interpret_systemd_unit(ended(kStart, "a1"), {}, first.cursor);
    CHECK(points(again).points.size() == 1);
    const Seen next = interpret_systemd_unit(ended(kStart + std::chrono::hours{1}, "b2"), {}, again.cursor);
    CHECK(points(next).points.size() == 2);
    CHECK(points(next).count == 2);
}

TEST_CASE("a run that failed is a failed job and says how") {
    auto state = ended(kStart, "a1");
    state.active_state = "failed";
    state.result = "exit-code";
    state.exec_main_status = 3;
    const Seen seen = interpret_systemd_unit(state, {}, "");
    CHECK(points(seen).points.empty());
    REQUIRE(points(seen).jobs.size() == 1);
    CHECK(points(seen).jobs[0].state == core::JobState::failed);
    CHECK(points(seen).jobs[0].detail == "exit-code: exit status 3");
}

TEST_CASE("a run that failed before its main process began is a failed job without an exit") {
    io::UnitState state = unit();
    state.active_state = state.sub_state = "failed";
    state.result = "exit-code";
    state.invocation_id = "b2";
    const Seen seen = interpret_systemd_unit(state, {}, interpret_systemd_unit(ended(kStart, "a1"), {}, "").cursor);
    CHECK(points(seen).points.size() == 1);
    REQUIRE(points(seen).jobs.size() == 1);
    CHECK(points(seen).jobs[0].state == core::JobState::failed);
    CHECK_FALSE(points(seen).jobs[0].ended_at);
    CHECK(points(seen).jobs[0].detail == "exit-code: it failed before its main process began");
    state.condition_result = false;
    CHECK(points(interpret_systemd_unit(state, {}, "")).jobs.empty());
}

TEST_CASE("a run that was killed says by which signal") {
    auto state = ended(kStart, "a1");
    state.result = "signal";
    state.exec_main_code = 2;
    state.exec_main_status = 9;
    CHECK(points(interpret_systemd_unit(state, {}, "")).jobs.at(0).detail == "signal: signal 9");
}

TEST_CASE("a run that was seen to fail never becomes a good point, whatever systemd is told to forget") {
    // The second: its main process ended well, and what came after it (ExecStartPost=) did not.
    for (const auto& failed :
         {ended_with("exit-code", 1, 3), ended_with("exit-code", 1, 0), ended_with("signal", 2, 9)}) {
        const Seen first = interpret_systemd_unit(failed, {}, "");
        const Seen second = interpret_systemd_unit(reset(failed), {}, first.cursor, {3});
        CHECK(points(second).points.empty());
        REQUIRE(points(second).jobs.size() == 1);
        CHECK(points(second).jobs[0].state == core::JobState::failed);
        CHECK(points(second).jobs[0].ended_at == kStart);
        // The next run is judged by itself.
        const Seen next = interpret_systemd_unit(ended(kStart + std::chrono::hours{1}, "b2"), {}, second.cursor);
        REQUIRE(points(next).points.size() == 1);
        CHECK(points(next).points[0].state == core::PointState::good);
        CHECK(points(next).jobs.empty());
    }
}

TEST_CASE("a failed run that was reset says that it was seen to fail") {
    const auto failed = ended_with("exit-code", 1, 3);
    const Seen seen = interpret_systemd_unit(reset(failed), {}, interpret_systemd_unit(failed, {}, "").cursor);
    CHECK(points(seen).jobs.at(0).detail ==
          "exit status 3, seen to fail before systemd was told to forget it (reset-failed)");
}

TEST_CASE("a status other than 0 that systemd calls a success may be a failure that was reset: it is not good") {
    const auto state = ended_with("success", 1, 1);
    const Seen seen = interpret_systemd_unit(state, {}, "");
    REQUIRE(points(seen).points.size() == 1);
    CHECK(points(seen).points[0].state == core::PointState::incomplete);
    CHECK(points(seen).points[0].detail.contains("exit status 1"));
    CHECK(points(seen).points[0].detail.contains("success_status"));
    CHECK(points(seen).jobs.empty());
}

TEST_CASE("a status that the options call a success is good, also when it was not known to be one before") {
    const auto state = ended_with("success", 1, 1);
    const Seen first = interpret_systemd_unit(state, {}, "");
    const Seen second = interpret_systemd_unit(state, {}, first.cursor, {1, 24});
    REQUIRE(points(second).points.size() == 1);
    CHECK(points(second).count == 1);
    CHECK(points(second).points[0].state == core::PointState::good);
    // systemd has the last word on what failed.
    CHECK(points(interpret_systemd_unit(ended_with("exit-code", 1, 1), {}, "", {1})).points.empty());
}

TEST_CASE("runs do not tell how far back one can go: what they made may long be deleted") {
    const Seen first = interpret_systemd_unit(ended(kStart - core::kDay, "a1"), {}, "");
    CHECK_FALSE(points(first).oldest_at);
    core::RecoveryPoints of_a_former_release = points(first);
    of_a_former_release.oldest_at = kStart - 365 * core::kDay;
    io::JsonWriter cursor;
    io::write(cursor, of_a_former_release);
    const Seen seen = interpret_systemd_unit(ended(kStart, "a2"), {}, cursor.take());
    CHECK(points(seen).points.size() == 2);
    CHECK_FALSE(points(seen).oldest_at);
}

TEST_CASE("a service that a signal stopped half-way made no point, although systemd calls SIGTERM a success") {
    for (const int code : {2, 3}) {
        const Seen seen = interpret_systemd_unit(ended_with("success", code, 15), {}, "", {15});
        CHECK(points(seen).points.empty());
        REQUIRE(points(seen).jobs.size() == 1);
        CHECK(points(seen).jobs[0].detail == "signal 15 ended it half-way, which systemd calls a success");
    }
}

TEST_CASE("an exit of which systemd does not tell how it came about is not good") {
    const Seen seen = interpret_systemd_unit(ended_with("success", 0, 0), {}, "");
    CHECK(points(seen).points.at(0).state == core::PointState::incomplete);
}

TEST_CASE("a cursor from before failed runs were kept is read, and a point in it that was none is taken back") {
    core::RecoveryPoints before;
    before.method = "systemd";
    before.count = 2;
    before.points = {{.id = "z0", .data_at = kStart - core::kDay, .ended_at = kStart - core::kDay},
                     {.id = "a1", .data_at = kStart, .ended_at = kStart}};
    io::JsonWriter cursor;
    io::write(cursor, before);
    const Seen seen = interpret_systemd_unit(ended_with("success", 2, 15), {}, cursor.take());
    REQUIRE(points(seen).points.size() == 1);
    CHECK(points(seen).points[0].id == "z0");
    CHECK(points(seen).count == 1);
}

TEST_CASE("what is no exit status is a mistake in the options") {
    using core::config::Array;
    const auto mistakes = [](core::config::Node node) {
        return test::mistakes("systemd_unit",
                              {test::text("unit", "backup.service"), test::entry("success_status", std::move(node))})
            .size();
    };
    CHECK(mistakes({std::int64_t{1}, {}}) == 0);
    CHECK(mistakes({Array{{std::int64_t{1}, {}}, {std::int64_t{24}, {}}}, {}}) == 0);
    CHECK(mistakes({std::int64_t{0}, {}}) == 1);
    CHECK(mistakes({std::int64_t{256}, {}}) == 1);
    CHECK(mistakes({std::string{"1"}, {}}) == 1);
    CHECK(mistakes({Array{{true, {}}, {std::int64_t{-1}, {}}}, {}}) == 2);
}

TEST_CASE("a service that is running is a running job, and the exit of the run before is not read again") {
    auto state = ended(kStart, "a1");
    state.active_state = "activating";
    state.sub_state = "start";
    const Seen seen = interpret_systemd_unit(state, {}, "");
    REQUIRE(points(seen).jobs.size() == 1);
    CHECK(points(seen).jobs[0].state == core::JobState::running);
    CHECK(points(seen).points.empty());
}

TEST_CASE("a run of several commands is one run, which began when the first of them did") {
    const Time began = kStart - std::chrono::hours{2};
    io::UnitState state = ended(kStart, "a1");
    state.inactive_exit = began;
    const Seen seen = interpret_systemd_unit(state, {}, "");
    CHECK(points(seen).points.at(0).data_at == began);
    CHECK(points(seen).points.at(0).duration == std::chrono::hours{2});
    io::UnitState running = state;
    running.active_state = "activating";
    running.sub_state = "start";
    running.exec_main_exit.reset();
    CHECK(points(interpret_systemd_unit(running, {}, "")).jobs.at(0).started_at == began);
    // In ExecStartPre=.
    running.sub_state = "start-pre";
    running.exec_main_start.reset();
    CHECK(points(interpret_systemd_unit(running, {}, "")).jobs.at(0).started_at == began);
    state.result = "exit-code";
    state.exec_main_status = 1;
    CHECK(points(interpret_systemd_unit(state, {}, "")).jobs.at(0).started_at == began);
}

TEST_CASE("a run that Restart= began did not begin while it waited for that") {
    using namespace std::chrono_literals;
    // The one before it failed two hours ago, and RestartSec= is an hour.
    const Time began = kStart - 1h;
    io::UnitState state = ended(kStart, "b2");
    state.restarts = 1;
    state.inactive_exit = kStart - 2h;
    state.exec_main_start = began;
    const core::RecoveryPoint good = points(interpret_systemd_unit(state, {}, "")).points.at(0);
    CHECK(good.data_at == began);
    CHECK(good.duration == 1h);
    io::UnitState failed = state;
    failed.result = "exit-code";
    failed.exec_main_status = 1;
    CHECK(points(interpret_systemd_unit(failed, {}, "")).jobs.at(0).started_at == began);
    io::UnitState running = state;
    running.active_state = "activating";
    running.sub_state = "start";
    running.exec_main_exit.reset();
    const Seen seen = interpret_systemd_unit(running, {}, "");
    CHECK(points(seen).jobs.at(0).started_at == began);
    // In ExecStartPre= nobody knows.
    running.sub_state = "start-pre";
    running.exec_main_start.reset();
    CHECK_FALSE(points(interpret_systemd_unit(running, {}, "")).jobs.at(0).started_at);
    // Of several commands systemd tells the begin of the one that runs, and then of the last.
    state.exec_main_start = kStart - 10min;
    CHECK(points(interpret_systemd_unit(state, {}, seen.cursor)).points.at(0).data_at == began);
    running.sub_state = "start";
    running.exec_main_start = kStart - 10min;
    const Seen later = interpret_systemd_unit(running, {}, seen.cursor);
    CHECK(points(later).jobs.at(0).started_at == began);
    CHECK(points(interpret_systemd_unit(state, {}, later.cursor)).points.at(0).data_at == began);
    // Another run began when it did.
    state.invocation_id = "c3";
    CHECK(points(interpret_systemd_unit(state, {}, later.cursor)).points.at(0).data_at == kStart - 10min);
}

TEST_CASE("a start that systemd refuses leaves the good run before it as it was") {
    const Seen good = interpret_systemd_unit(ended_with("success", 1, 0), {}, "");
    const io::UnitState refused = ended_with("start-limit-hit", 1, 0);
    const Seen seen = interpret_systemd_unit(refused, {}, good.cursor);
    REQUIRE(points(seen).points.size() == 1);
    CHECK(points(seen).points[0].state == core::PointState::good);
    REQUIRE(points(seen).jobs.size() == 1);
    CHECK(points(seen).jobs[0].state == core::JobState::failed);
    CHECK_FALSE(points(seen).jobs[0].ended_at);
    CHECK(points(interpret_systemd_unit(reset(refused), {}, seen.cursor)).points.size() == 1);
    // Whether one that nobody saw end well did so, nobody knows.
    CHECK(points(interpret_systemd_unit(refused, {}, "")).points.empty());
}

TEST_CASE("a run that waits for its Restart= has ended, well or not") {
    for (const char* sub_state : {"auto-restart", "auto-restart-queued"}) {
        CAPTURE(sub_state);
        io::UnitState state = ended(kStart, "a1");
        state.active_state = "activating";
        state.sub_state = sub_state;
        const Seen good = interpret_systemd_unit(state, {}, "");
        CHECK(points(good).points.size() == 1);
        CHECK(points(good).jobs.empty());
        state.result = "exit-code";
        state.exec_main_status = 1;
        const Seen failed = interpret_systemd_unit(state, {}, "");
        CHECK(points(failed).points.empty());
        REQUIRE(points(failed).jobs.size() == 1);
        CHECK(points(failed).jobs[0].state == core::JobState::failed);
        // In ExecStartPre=, before there was a main process.
        state.exec_main_exit.reset();
        CHECK(points(interpret_systemd_unit(state, {}, "")).jobs.at(0).state == core::JobState::failed);
    }
}

TEST_CASE("a service that remains active after its exit has ended, and made a point") {
    auto state = ended(kStart, "a1");
    state.active_state = "active";
    state.sub_state = "exited";
    const Seen seen = interpret_systemd_unit(state, {}, "");
    CHECK(points(seen).jobs.empty());
    CHECK(points(seen).points.size() == 1);
}

TEST_CASE("a run whose condition was not met was no run") {
    auto state = ended(kStart, "a1");
    state.condition_result = false;
    CHECK(points(interpret_systemd_unit(state, {}, "")).points.empty());
}

TEST_CASE("a timer that does not wait for anything is shown as what it is") {
    io::UnitState timer = unit();
    timer.active_state = "active";
    timer.sub_state = "waiting";
    timer.next_elapse = kStart + std::chrono::hours{1};
    CHECK(assertion(interpret_systemd_unit(unit(), timer, ""), 1).actual == "waiting");
    timer.sub_state = "elapsed";
    CHECK(assertion(interpret_systemd_unit(unit(), timer, ""), 1).actual == "elapsed");
    timer.load_state = "not-found";
    CHECK(assertion(interpret_systemd_unit(unit(), timer, ""), 1).actual == "not-found");
}

TEST_CASE("a unit that does not exist is an assertion that fails, not a missing backup alone") {
    io::UnitState state = unit();
    state.load_state = "not-found";
    const Seen seen = interpret_systemd_unit(state, {}, "");
    CHECK(assertion(seen, 0).expected == "loaded");
    CHECK(assertion(seen, 0).actual == "not-found");
}
