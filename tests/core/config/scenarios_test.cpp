// SPDX-License-Identifier: Apache-2.0
// `[[scenario]]` and `[[validation]]`: what is taken, and what is said of what cannot be meant.
#include "core/rules/scenarios.hpp"
#include "tests/core/config/made_up.hpp"
#include "tests/core/config/tree.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd::core;
using namespace recoverd::core::config;

namespace {

using Pairs = std::vector<std::pair<std::string, Node>>;

Node keys(Pairs pairs) {
    Table made;
    for (auto& [key, value] : pairs)
        made.push_back(entry(key, std::move(value)));
    return node(std::move(made));
}
Node words(const std::vector<std::string>& all) {
    Array made;
    for (const std::string& word : all)
        made.push_back(text(word));
    return node(std::move(made));
}
Node number(std::int64_t value) { return node(value); }

/// Two assets and two checks, and beside them these.
Compilation with(std::vector<Node> scenarios, std::vector<Node> validations = {}) {
    const auto check = [](std::string every, std::string scope) {
        return keys({{"collector", text("tcp")},
                     {"asset", text("orders")},
                     {"every", text(std::move(every))},
                     {"scope", text(std::move(scope))}});
    };
    Pairs root{{"asset", keys({{"orders", keys({})}, {"shop", keys({})}})},
               {"check", keys({{"a1", check("1m", "cluster")}, {"b1", check("15s", "node")}})}};
    if (!scenarios.empty())
        root.emplace_back("scenario", list(std::move(scenarios)));
    if (!validations.empty())
        root.emplace_back("validation", list(std::move(validations)));
    return compiled(keys(std::move(root)));
}

Node scenario(Pairs pairs, const std::string& name = "az") {
    pairs.emplace_back("name", text(name));
    return keys(std::move(pairs));
}

Node validation(std::vector<Node> steps, Pairs pairs = {{"asset", text("orders")}}) {
    pairs.emplace_back("name", text("after"));
    pairs.emplace_back("step", list(std::move(steps)));
    return keys(std::move(pairs));
}

} // namespace

TEST_CASE("what a scenario says of its priority counts over what is said of all") {
    Node root = keys({{"policy", keys({{"scenario_active", keys({{"priority", text("P3")}})}})},
                      {"check", keys({{"a", keys({{"collector", text("tcp")}, {"address", text("x:1")}})}})},
                      {"scenario", list({scenario({{"priority", text("P1")}}, "said"), scenario({}, "unsaid")})}});
    const Compilation made = compiled(root);
    REQUIRE(made.config->scenarios.size() == 2);
    const auto told = [&](std::size_t i) {
        const Scenario& one = made.config->scenarios[i];
        return priority_of(one, RuleId::scenario_active);
    };
    CHECK(told(0) == Priority::p1);
    CHECK(told(1) == Priority::p3);
    // By it is said what the scenario may hide, and that it lasts too long is one higher.
    CHECK(made.config->scenarios[1].priority == Priority::p3);
    CHECK(priority_of(made.config->scenarios[1], RuleId::rto_exceeded) == Priority::p2);
}

TEST_CASE("what neither a scenario nor a step of a validation says is taken from the policy") {
    Node root = keys({{"policy", keys({{"scenario_active", keys({{"for", text("2m")}})},
                                       {"validation_failed", keys({{"priority", text("P1")}})}})},
                      {"asset", keys({{"orders", keys({})}})},
                      {"check", keys({{"a", keys({{"collector", text("tcp")}, {"address", text("x:1")}})}})},
                      {"scenario", list({scenario({{"for", text("0s")}}, "said"), scenario({}, "unsaid")})},
                      {"validation", list({validation({keys({{"check", text("a")}})})})}});
    const Compilation made = compiled(root);
    REQUIRE(made.config->scenarios.size() == 2);
    CHECK(made.config->scenarios[0].hold == 0s);
    CHECK(made.config->scenarios[1].hold == 2min);
    REQUIRE(made.config->validations.size() == 1);
    REQUIRE(made.config->validations[0].steps.size() == 1);
    CHECK(made.config->validations[0].steps[0].priority == Priority::p1);
}

TEST_CASE("a scenario says of what it is made") {
    const Compilation made =
        with({scenario({{"asset", text("orders")},
                        {"priority", text("P1")},
                        {"rto", text("4h")},
                        {"for", text("1m")},
                        {"checks", words({"a*"})},
                        {"location", keys({{"zone", text("a")}})},
                        {"when", words({"endpoint_down", "evidence_missing"})},
                        {"at_least", text("34%")},
                        {"explains", words({"node"})},
                        {"recovers", words({"orders"})},
                        {"needs", words({"object_lock*"})},
                        {"back", text("7d")},
                        {"from", keys({{"region", text("eu-*")}})}}),
              scenario({{"by", text("node")}, {"at_least", number(2)}, {"checks", words({"b*"})}}, "node")});
    CHECK(said(made) == "");
    REQUIRE(made.config->scenarios.size() == 2);
    const Scenario& az = made.config->scenarios[0];
    CHECK(az.priority == Priority::p1);
    CHECK(az.rto == 4h);
    CHECK(az.hold == 1min);
    CHECK(az.at_least == Quorum{Quorum::Kind::percent, 34});
    CHECK(az.location.zone == "a");
    CHECK(az.recover_from.region == "eu-*");
    CHECK(az.when == std::vector{RuleId::endpoint_down, RuleId::evidence_missing});
    CHECK(made.config->scenarios[1].at_least == Quorum{Quorum::Kind::count, 2});
    CHECK(made.config->scenarios[1].priority == rule(RuleId::scenario_active).priority);
}

TEST_CASE("what a scenario cannot mean is said") {
    const struct {
        Pairs pairs;
        std::string said;
    } rows[] = {
        {{{"asset", text("order")}}, "did you mean 'orders'?"},
        {{{"when", words({"endpoint_dwon"})}}, "there is no rule 'endpoint_dwon'"},
        {{{"when", words({})}}, "expected at least one rule, found none"},
        {{{"assertion", text("canary")}}, "'assertion' is of what `assertion_failed` finds, and `when` does not"},
        {{{"when", words({"assertion_failed"})}, {"measurement", text("lag")}},
         "'measurement' is of what `measurement_out_of_range` finds, and `when` does not"},
        {{{"at_least", number(0)}}, "expected \"all\", a number above 0, or a share"},
        {{{"at_least", text("101%")}}, "expected \"all\", a number above 0, or a share"},
        {{{"at_least", text("some")}}, "expected \"all\", a number above 0, or a share"},
        {{{"rto", text("0s")}}, "expected more than 0, found 0"},
        {{{"back", text("7d")}}, "'back' says how assets are recovered, and `recovers` names none"},
        {{{"canary", text("a1")}, {"by", text("zone")}}, "a canary is of one database"},
        {{{"canary", text("a2")}}, "there is no check 'a2'"},
        {{{"explains", words({"zone"})}}, "no scenario 'zone'"},
        {{{"explains", words({"az"})}}, "scenario 'az' explains itself"},
        {{{"recovers", words({"nothing"})}}, "'nothing' matches no asset"},
        {{{"checks", words({"c*"})}}, "no check decides scenario 'az'"},
        {{{"by", text("rack")}, {"checks", words({"a*"})}}, "has a label 'rack'"},
        {{{"rto", text("2m")}, {"checks", words({"a*"})}}, "expected at least 4 looks within its rto"},
        {{{"checks", words({"*"})}}, "checks of scope node and of scope cluster"},
    };
    for (const auto& row : rows) {
        const std::string all = said(with({scenario(row.pairs)}));
        CAPTURE(row.said, all);
        CHECK(all.contains(row.said));
    }
    CHECK(said(with({scenario({}), scenario({})})).contains("there are two scenarios 'az'"));
}

TEST_CASE("a scenario that customers feel, and whose own alert is not routed to them, is said") {
    const auto check = [](Pairs labels, const std::string& asset) {
        return keys({{"collector", text("tcp")}, {"asset", text(asset)}, {"labels", keys(std::move(labels))}});
    };
    const Pairs facing{{"customer_facing", text("true")}};
    const auto all = [&](Pairs one, Pairs other, Pairs of_shop, Pairs of_scenario) {
        return said(compiled(
            keys({{"asset", keys({{"orders", keys({})}, {"shop", keys({{"labels", keys(std::move(of_shop))}})}})},
                  {"check", keys({{"a1", check(std::move(one), "orders")}, {"b1", check(std::move(other), "shop")}})},
                  {"scenario", list({scenario(std::move(of_scenario))})}})));
    };
    constexpr std::string_view kSaid = "its own alert goes without the label customer_facing = 'true'";
    CHECK(all(facing, facing, {}, {}).contains(kSaid));
    CHECK(all(facing, {}, facing, {}).contains(kSaid));
    CHECK_FALSE(all(facing, {}, {}, {}).contains(kSaid));
    CHECK_FALSE(all(facing, {{"customer_facing", text("false")}}, {}, {}).contains(kSaid));
    CHECK_FALSE(all(facing, {}, facing, {{"asset", text("shop")}}).contains(kSaid));
    CHECK_FALSE(all(facing, facing, {}, {{"priority", text("P4")}}).contains(kSaid));
    CHECK_FALSE(all({{"tier", text("edge")}}, {{"tier", text("edge")}}, {}, {}).contains("its own alert"));
}

TEST_CASE("a validation asks its steps one after the other, each for as long as its check may take") {
    const Compilation made =
        with({scenario({{"checks", words({"a*"})}})},
             {validation({keys({{"check", text("a1")}, {"stop", node(true)}, {"priority", text("P1")}}),
                          keys({{"check", text("b1")}, {"within", text("3m")}})},
                         {{"asset", text("orders")}, {"after", words({"az"})}})});
    CHECK_FALSE(made.diagnostics.has_mistakes());
    CHECK(said(made).contains("its checks are of scope node and of scope cluster"));
    REQUIRE(made.config->validations.size() == 1);
    const auto& steps = made.config->validations[0].steps;
    REQUIRE(steps.size() == 2);
    CHECK(steps[0].stop);
    CHECK(steps[0].priority == Priority::p1);
    CHECK(steps[0].within == 4 * (1min + 10s));
    CHECK(steps[1].within == 3min);
}

TEST_CASE("an exercise names a validation that there is, and that is not told as that exercise") {
    const auto with_exercise = [](const std::string& name, const std::string& named) {
        return compiled(keys({{"asset", keys({{"orders", keys({})}})},
                              {"check", keys({{"a1", keys({{"collector", text("tcp")}, {"asset", text("orders")}})}})},
                              {"exercise", list({keys({{"name", text(name)},
                                                       {"asset", text("orders")},
                                                       {"cadence", text("30d")},
                                                       {"validation", text(named)}})})},
                              {"validation", list({validation({keys({{"check", text("a1")}})})})}}));
    };
    const Compilation made = with_exercise("failover", "after");
    CHECK_FALSE(made.diagnostics.has_mistakes());
    REQUIRE(made.config->exercises.size() == 1);
    CHECK(made.config->exercises[0].validation == "after");
    const std::string misspelt = said(with_exercise("failover", "aftr"));
    CHECK(misspelt.contains("exercise.validation: there is no validation 'aftr'"));
    CHECK(misspelt.contains("did you mean 'after'?"));
    CHECK(said(with_exercise("after", "after")).contains("exercise 'after' validates itself"));
}

TEST_CASE("what a validation cannot mean is said") {
    const Node one = keys({{"check", text("a1")}});
    const auto of = [](Node made) { return said(with({}, {std::move(made)})); };
    CHECK(of(validation({})).contains("expected at least one step, found none"));
    CHECK(of(validation({text("a1")})).contains("expected a table, found"));
    CHECK(of(validation({keys({{"check", text("a2")}})})).contains("there is no check 'a2'"));
    CHECK(of(validation({one, one})).contains("two steps ask check 'a1'"));
    CHECK(of(validation({keys({{"check", text("a1")}, {"within", text("0s")}})})).contains("expected more than 0"));
    CHECK(of(validation({one}, {{"asset", text("order")}})).contains("did you mean 'orders'?"));
    CHECK(of(validation({one}, {{"asset", text("orders")}, {"after", words({"az"})}})).contains("'az'"));
}
