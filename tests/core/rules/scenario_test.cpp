// SPDX-License-Identifier: Apache-2.0
#include "core/rules/scenarios.hpp"
#include "tests/core/support.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd::core;

namespace {

constexpr Quorum kAll{};
constexpr Quorum count(std::uint64_t n) { return {Quorum::Kind::count, n}; }
constexpr Quorum percent(std::uint64_t n) { return {Quorum::Kind::percent, n}; }

/// "ddu?": down, down, up, unknown. Down one minute after the other, the last one a minute ago.
std::vector<Member> members(std::string_view states) {
    std::vector<Member> made;
    for (std::size_t i = 0; i < states.size(); ++i) {
        const MemberState state = states[i] == 'd'   ? MemberState::down
                                  : states[i] == 'u' ? MemberState::up
                                                     : MemberState::unknown;
        made.push_back({"web-" + std::to_string(i + 1), state, kNow - (states.size() - i) * 1min});
    }
    return made;
}

ScenarioState state(const Quorum& at_least, std::string_view states) {
    return decide(at_least, members(states), kNow).state;
}

struct Played {
    Scenario scenario{.name = "az", .rto = 10min, .checks = {}};
    OutageHistory history{};
    Time now = kNow;

    Lines sees(std::string_view states) {
        const Decision decision = decide(scenario.at_least, members_now(states), now);
        remember_outage(history, decision, now);
        Judgement out;
        judge_scenario(scenario, "eu-1a", history, decision, now, out);
        revisit = out.revisit;
        return lines(out.findings);
    }
    std::vector<Member> members_now(std::string_view states) const {
        std::vector<Member> made = members(states);
        for (Member& member : made)
            member.since = now;
        return made;
    }
    Time revisit = kNever;
};

} // namespace

TEST_CASE("a scenario is decided with three answers") {
    struct Row {
        Quorum at_least;
        std::string_view members;
        ScenarioState state;
    };
    using enum ScenarioState;
    for (const Row& row : {
             Row{kAll, "ddd", active},
             Row{kAll, "ddu", clear},
             Row{kAll, "dd?", unknown}, // the one that is not seen may be up
             Row{kAll, "du?", clear},   // one is up, whatever the other is
             Row{kAll, "???", unknown},
             Row{kAll, "", unknown}, // nobody decides it
             Row{count(2), "ddu", active},
             Row{count(2), "dd?", active}, // two are, whatever the third is
             Row{count(2), "du?", unknown},
             Row{count(2), "duu", clear},
             Row{count(2), "d", clear}, // there are not even two
             Row{percent(34), "duu", clear},
             Row{percent(33), "duu", active}, // rounded up: one of three
             Row{percent(34), "dduu", active},
             Row{percent(1), "u", clear},
             Row{percent(100), "dd", active},
         }) {
        INFO(row.members);
        CHECK(state(row.at_least, row.members) == row.state);
    }
}

TEST_CASE("by its name an assertion or a measurement decides a scenario, and what has none by its rule alone") {
    const Scenario primary{.name = "db-primary",
                           .when = {RuleId::endpoint_down, RuleId::assertion_failed, RuleId::measurement_out_of_range},
                           .assertion = "canary",
                           .measurement = "lag*"};
    const struct {
        Identity found;
        bool decisive;
    } rows[] = {
        {{.rule = RuleId::endpoint_down}, true},
        {{.rule = RuleId::assertion_failed, .assertion = "canary"}, true},
        {{.rule = RuleId::assertion_failed, .assertion = "canary_lost_rows"}, false},
        {{.rule = RuleId::measurement_out_of_range, .measurement = "lag_seconds"}, true},
        {{.rule = RuleId::measurement_out_of_range, .measurement = "age"}, false},
        {{.rule = RuleId::endpoint_degraded}, false},
    };
    for (const auto& row : rows) {
        CAPTURE(rule(row.found.rule).name, row.found.assertion, row.found.measurement);
        CHECK(decides(primary, row.found) == row.decisive);
    }
    // Nothing is asked of their names where nobody names one.
    const Scenario any{.name = "any", .when = {RuleId::assertion_failed}};
    CHECK(decides(any, Identity{.rule = RuleId::assertion_failed, .assertion = "checksum_failures"}));
}

TEST_CASE("a check decides what its evidence can be found bad by") {
    const Check probe{.name = "web", .brings = {EvidenceKind::reachability}};
    const Check backup{.name = "backup", .brings = {EvidenceKind::recovery_points}};
    const Check told{.name = "job", .every = Duration{0}, .brings = {EvidenceKind::recovery_points}};
    Scenario scenario{.name = "late", .when = {RuleId::backup_too_old}};
    CHECK(decides(scenario, backup));
    CHECK_FALSE(decides(scenario, probe));
    CHECK_FALSE(decides(scenario, told));
    scenario.when = {RuleId::endpoint_down, RuleId::assertion_failed};
    CHECK(decides(scenario, probe));
    CHECK_FALSE(decides(scenario, backup));
    // Whatever one looks at may be gone.
    scenario.when = {RuleId::subject_vanished};
    CHECK(decides(scenario, backup));
    CHECK(decides(scenario, probe));
    CHECK_FALSE(decides(scenario, told));
}

TEST_CASE("an outage began when as many were down as must be, and ended when too few were left") {
    const Decision two = decide(count(2), members("ddd"), kNow);
    CHECK(two.since == kNow - 2min);
    CHECK(decide(kAll, members("ddd"), kNow).since == kNow - 1min);
    CHECK(decide(kAll, members("ddu"), kNow).since == kNow - 1min);
    CHECK(decide(count(2), members("duu"), kNow).since == kNow - 1min);
}

TEST_CASE("what is not seen neither begins nor ends an outage") {
    Played az;
    CHECK(az.sees("??").empty());
    CHECK(az.sees("uu").empty());
    CHECK(az.sees("d?").empty());
    CHECK(az.sees("dd").size() == 1);
    az.now += 1min;
    CHECK(az.sees("d?") ==
          Lines{"P2 ScenarioActive eu-1a: began 1m ago with web-1, web-2; whether it is over cannot be "
                "seen; unknown: web-2, its rto is 10m"});
    CHECK(az.sees("??").size() == 1);
    CHECK(az.sees("u?").empty());
    REQUIRE(az.history.past.size() == 1);
    CHECK(*az.history.past[0].ended_at - az.history.past[0].began_at == 1min);
}

TEST_CASE("a running outage says how much of its time is used up, and asks to be looked at when it changes") {
    Played az;
    CHECK(az.sees("dd") ==
          Lines{"P2 ScenarioActive eu-1a: 2 of 2 down for 0s (2 decide it): web-1, web-2, its rto is 10m"});
    CHECK(az.revisit == kNow + 5min);
    az.now = kNow + 5min;
    CHECK(az.sees("dd") ==
          Lines{"P2 ScenarioActive eu-1a: 2 of 2 down for 5m (2 decide it): web-1, web-2, 50 % of its rto "
                "of 10m is used up"});
    CHECK(az.revisit == kNow + 8min);
    az.now = kNow + 8min;
    CHECK(az.sees("dd").front().ends_with("80 % of its rto of 10m is used up"));
    CHECK(az.revisit == kNow + 10min);
    az.now = kNow + 10min;
    CHECK(az.sees("dd").back() == "P1 RtoExceeded eu-1a: has lasted 10m, its rto is 10m");
    CHECK(az.sees("uu").empty());
}

TEST_CASE("a scenario without an rto is never too long, and one that is switched off is still measured") {
    Played az;
    az.scenario.rto.reset();
    az.scenario.policy[RuleId::scenario_active].enabled = false;
    CHECK(az.sees("dd").empty());
    CHECK(az.revisit == kNever);
    az.now += 1h;
    CHECK(az.sees("uu").empty());
    CHECK(*az.history.past.at(0).ended_at == kNow + 1h);
}

TEST_CASE("outages do not overlap, and the newest fifty are kept") {
    Played az;
    for (int i = 0; i < 60; ++i) {
        az.sees("dd");
        az.now += 1min;
        az.sees("uu");
    }
    REQUIRE(az.history.past.size() == kMaxOutages);
    for (std::size_t i = 1; i < az.history.past.size(); ++i)
        CHECK(az.history.past[i].began_at >= *az.history.past[i - 1].ended_at);
    CHECK(az.history.past.back().ended_at == az.now);
}

TEST_CASE("an outage that is dated ahead or before the last one is put between") {
    OutageHistory history;
    Decision decision{.state = ScenarioState::active, .since = kNow + 1h};
    CHECK(remember_outage(history, decision, kNow));
    CHECK(history.running->began_at == kNow);
    decision = {.state = ScenarioState::clear, .since = kNow - 1h};
    CHECK(remember_outage(history, decision, kNow + 1min));
    CHECK(history.past[0].ended_at == kNow);
    decision = {.state = ScenarioState::active, .since = kNow - 1h};
    CHECK(remember_outage(history, decision, kNow + 2min));
    CHECK(history.running->began_at == kNow);
}
