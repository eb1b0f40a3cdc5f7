// SPDX-License-Identifier: Apache-2.0
#include "collectors/systemd_unit.hpp"
#include "tests/support/fake_world.hpp"

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

TEST_CASE("a run that was killed says by which signal") {
    auto state = ended(kStart, "a1");
    state.result = "signal";
    state.exec_main_code = 2;
    state.exec_main_status = 9;
    CHECK(points(interpret_systemd_unit(state, {}, "")).jobs.at(0).detail == "signal: signal 9");
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
