// SPDX-License-Identifier: Apache-2.0
// `[[scenario]]` and `[[validation]]`: what is taken, and what is said of what cannot be meant.
#include "core/config/compile.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

using namespace recoverd::core;
using namespace recoverd::core::config;

namespace {

/// One collector without options of its own.
class PlainSurroundings : public Surroundings {
  public:
    std::span<const CollectorInfo> collectors() const override { return plain_; }
    CompiledOptions compile_options(std::string_view, const Table&, const Place&, std::span<const std::string_view>,
                                    Diagnostics&) override {
        return {};
    }
    std::optional<std::string> environment(const std::string&) const override { return std::nullopt; }
    std::expected<std::vector<TargetGroup>, std::string> read_targets(const std::string&, const Position&) override {
        return std::unexpected(std::string{"none"});
    }
    std::string host_name() const override { return "node-7"; }

  private:
    std::vector<CollectorInfo> plain_{{"tcp", {EvidenceKind::reachability}, true, 15s, 10s, {}}};
};

using Pairs = std::vector<std::pair<std::string, Node>>;

Node words(std::vector<std::string> all) {
    Array made;
    for (std::string& word : all)
        made.push_back(Node{std::move(word), {}});
    return {std::move(made), {}};
}
Node word(std::string text) { return {std::move(text), {}}; }
Node number(std::int64_t value) { return {value, {}}; }
Node keys(Pairs pairs) {
    Table made;
    for (auto& [key, value] : pairs)
        made.push_back({key, {}, std::move(value)});
    return {std::move(made), {}};
}
Node several(std::vector<Node> nodes) { return {Array(std::move(nodes)), {}}; }

/// Two assets and two checks, and beside them these.
Compilation with(std::vector<Node> scenarios, std::vector<Node> validations = {}) {
    const auto check = [](std::string every, std::string scope) {
        return keys({{"collector", word("tcp")},
                     {"asset", word("orders")},
                     {"every", word(std::move(every))},
                     {"scope", word(std::move(scope))}});
    };
    Pairs root{{"asset", keys({{"orders", keys({})}, {"shop", keys({})}})},
               {"check", keys({{"a1", check("1m", "cluster")}, {"b1", check("15s", "node")}})}};
    if (!scenarios.empty())
        root.emplace_back("scenario", several(std::move(scenarios)));
    if (!validations.empty())
        root.emplace_back("validation", several(std::move(validations)));
    PlainSurroundings around;
    return compile(keys(std::move(root)), around);
}

std::string all_said(const Compilation& made) {
    std::string out;
    for (const Diagnostic& one : made.diagnostics.all())
        out += format(one) + "\n";
    return out;
}

Node scenario(Pairs pairs, const std::string& name = "az") {
    pairs.emplace_back("name", word(name));
    return keys(std::move(pairs));
}

Node validation(std::vector<Node> steps, Pairs pairs = {{"asset", word("orders")}}) {
    pairs.emplace_back("name", word("after"));
    pairs.emplace_back("step", several(std::move(steps)));
    return keys(std::move(pairs));
}

} // namespace

TEST_CASE("a scenario says of what it is made") {
    const Compilation made =
        with({scenario({{"asset", word("orders")},
                        {"priority", word("P1")},
                        {"rto", word("4h")},
                        {"for", word("1m")},
                        {"checks", words({"a*"})},
                        {"location", keys({{"zone", word("a")}})},
                        {"when", words({"endpoint_down", "evidence_missing"})},
                        {"at_least", word("34%")},
                        {"explains", words({"node"})},
                        {"recovers", words({"orders"})},
                        {"needs", words({"object_lock*"})},
                        {"back", word("7d")},
                        {"from", keys({{"region", word("eu-*")}})}}),
              scenario({{"by", word("node")}, {"at_least", number(2)}, {"checks", words({"b*"})}}, "node")});
    CHECK(all_said(made) == "");
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
        {{{"asset", word("order")}}, "did you mean 'orders'?"},
        {{{"when", words({"endpoint_dwon"})}}, "there is no rule 'endpoint_dwon'"},
        {{{"when", words({})}}, "expected at least one rule, found none"},
        {{{"at_least", number(0)}}, "expected \"all\", a number above 0, or a share"},
        {{{"at_least", word("101%")}}, "expected \"all\", a number above 0, or a share"},
        {{{"at_least", word("some")}}, "expected \"all\", a number above 0, or a share"},
        {{{"rto", word("0s")}}, "expected more than 0, found 0"},
        {{{"back", word("7d")}}, "'back' says how assets are recovered, and `recovers` names none"},
        {{{"canary", word("a1")}, {"by", word("zone")}}, "a canary is of one database"},
        {{{"canary", word("a2")}}, "there is no check 'a2'"},
        {{{"explains", words({"zone"})}}, "no scenario 'zone'"},
        {{{"explains", words({"az"})}}, "scenario 'az' explains itself"},
        {{{"recovers", words({"nothing"})}}, "'nothing' matches no asset"},
        {{{"checks", words({"c*"})}}, "no check decides scenario 'az'"},
        {{{"by", word("rack")}, {"checks", words({"a*"})}}, "has a label 'rack'"},
        {{{"rto", word("2m")}, {"checks", words({"a*"})}}, "expected at least 4 looks within its rto"},
        {{{"checks", words({"*"})}}, "checks of scope node and of scope cluster"},
    };
    for (const auto& row : rows) {
        const std::string said = all_said(with({scenario(row.pairs)}));
        CAPTURE(row.said, said);
        CHECK(said.contains(row.said));
    }
    CHECK(all_said(with({scenario({}), scenario({})})).contains("there are two scenarios 'az'"));
}

TEST_CASE("a validation asks its steps one after the other, each for as long as its check may take") {
    const Compilation made =
        with({scenario({{"checks", words({"a*"})}})},
             {validation({keys({{"check", word("a1")}, {"stop", Node{true, {}}}, {"priority", word("P1")}}),
                          keys({{"check", word("b1")}, {"within", word("3m")}})},
                         {{"asset", word("orders")}, {"after", words({"az"})}})});
    CHECK_FALSE(made.diagnostics.has_mistakes());
    CHECK(all_said(made).contains("its checks are of scope node and of scope cluster"));
    REQUIRE(made.config->validations.size() == 1);
    const auto& steps = made.config->validations[0].steps;
    REQUIRE(steps.size() == 2);
    CHECK(steps[0].stop);
    CHECK(steps[0].priority == Priority::p1);
    CHECK(steps[0].within == 4 * (1min + 10s));
    CHECK(steps[1].within == 3min);
}

TEST_CASE("what a validation cannot mean is said") {
    const Node one = keys({{"check", word("a1")}});
    const auto said = [](Node made) { return all_said(with({}, {std::move(made)})); };
    CHECK(said(validation({})).contains("expected at least one step, found none"));
    CHECK(said(validation({word("a1")})).contains("expected a table, found"));
    CHECK(said(validation({keys({{"check", word("a2")}})})).contains("there is no check 'a2'"));
    CHECK(said(validation({one, one})).contains("two steps ask check 'a1'"));
    CHECK(said(validation({keys({{"check", word("a1")}, {"within", word("0s")}})})).contains("expected more than 0"));
    CHECK(said(validation({one}, {{"asset", word("order")}})).contains("did you mean 'orders'?"));
    CHECK(said(validation({one}, {{"asset", word("orders")}, {"after", words({"az"})}})).contains("'az'"));
}
