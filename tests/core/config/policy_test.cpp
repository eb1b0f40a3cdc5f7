// SPDX-License-Identifier: Apache-2.0
// Policies as people write them: a threshold in its rule's own unit, steps, or false.
#include "core/config/compiling.hpp"
#include "tests/core/config/tree.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

using namespace recoverd::core;
using namespace recoverd::core::config;

namespace {

Node number(double value) { return node(value); }

Node over(Node threshold) { return table({entry("over", std::move(threshold))}); }

struct Read {
    Policy policy;
    std::string said;
};

Read read(std::string rule, Node value) {
    Diagnostics diagnostics;
    Read out{read_policy(table({entry(std::move(rule), std::move(value))}), "policy", "asset.a", diagnostics), {}};
    for (const Diagnostic& diagnostic : diagnostics.all())
        out.said += format(diagnostic) + "\n";
    return out;
}

std::string shown(const Policy& policy) {
    std::vector<Origin> origins;
    add_policy_origins(policy, origins);
    std::string out;
    for (const Origin& origin : origins)
        out += fmt::format("{} = {}\n", origin.key, origin.value);
    return out;
}

} // namespace

TEST_CASE("a threshold is read in its rule's unit and shown as it was written") {
    struct Row {
        std::string rule;
        Node threshold;
        double meant;
        std::string shown;
    };
    const std::vector<Row> rows{
        {"backup_too_old", text("90m"), 5'400, "\"1h30m\""},
        {"replication_slot_retaining", text("10GiB"), 10.0 * (1U << 30U), "\"10GiB\""},
        {"backup_size_anomaly", number(0.25), 0.25, "0.25"},
        {"restore_test_overdue", number(1.5), 1.5, "1.5"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.rule);
        const Read got = read(row.rule, over(row.threshold));
        CHECK(got.said.empty());
        const RulePolicy& policy = got.policy[find_rule_by_key(row.rule)->id];
        REQUIRE(policy.steps.size() == 1);
        CHECK(policy.steps[0].over == row.meant);
        CHECK(policy.enabled == true);
        CHECK(policy.origin == "asset.a");
        CHECK(shown(got.policy) == fmt::format("policy.{} = {{ over = {} }}\n", row.rule, row.shown));
    }
}

TEST_CASE("a threshold that its rule cannot have is a mistake, and none is kept") {
    struct Row {
        std::string rule;
        Node threshold;
        std::string said;
    };
    const std::vector<Row> rows{
        {"backup_missing", text("1h"), "rule 'backup_missing' has no threshold"},
        {"backup_size_anomaly", number(0), "expected a ratio above 0 and up to 1, found 0"},
        {"backup_size_anomaly", number(1.5), "expected a ratio above 0 and up to 1, found 1.5"},
        {"restore_test_overdue", number(-1), "expected a factor above 0, found -1"},
        {"backup_size_anomaly", text("half"), "expected a number, found a string"},
        {"backup_too_old", text("soon"), "expected a duration such as '90s', '1h30m' or '7d', found 'soon'"},
        {"replication_slot_retaining", text("much"), "expected a size such as"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.rule, row.said);
        const Read got = read(row.rule, over(row.threshold));
        CHECK(got.said.starts_with(fmt::format("policy.{}.over: {}", row.rule, row.said)));
        for (const Step& step : got.policy[find_rule_by_key(row.rule)->id].steps)
            CHECK_FALSE(step.over);
    }
}

TEST_CASE("a rule is switched off by false, and by nothing else that is no table") {
    CHECK_FALSE(read("backup_failed", {false, {}}).policy.enabled(RuleId::backup_failed));
    CHECK(shown(read("backup_failed", {false, {}}).policy) == "policy.backup_failed = false\n");
    CHECK(shown(read("backup_failed", {true, {}}).policy) == "policy.backup_failed = true\n");
    CHECK(read("backup_failed", text("off")).said.contains("expected false or a table"));
    CHECK(read("backup_failed", list({})).said.contains("write false to switch it off"));
    CHECK(read("backup_fialed", {false, {}}).said.contains("did you mean 'backup_failed'?"));
}

TEST_CASE("steps may differ by threshold and backup type, never be the same twice") {
    const Node full = table({entry("over", text("8d")), entry("backup_type", text("full"))});
    const Node diff = table({entry("over", text("2d")), entry("priority", text("P1"))});
    const Read good = read("backup_too_old", list({full, diff}));
    CHECK(good.said.empty());
    CHECK(shown(good.policy) == "policy.backup_too_old = [{ backup_type = \"full\", over = \"8d\" }, "
                                "{ over = \"2d\", priority = \"P1\" }]\n");
    CHECK(read("backup_too_old", list({diff, diff})).said.contains("two steps have the same threshold"));
    CHECK(read("pitr_lag_high", full).said.contains("rule 'pitr_lag_high' is not asked per backup type"));
    for (const char* rule : {"backup_failed", "backup_missing", "backup_stuck", "backup_size_anomaly"}) {
        CAPTURE(rule);
        CHECK(read(rule, table({entry("backup_type", text("full"))})).said.contains("is not asked per backup type"));
    }
}

TEST_CASE("a rule has one 'for', which stands with any of its steps or alone") {
    const Node short_one = table({entry("over", text("1h")), entry("for", text("1m"))});
    const Node long_one = table({entry("over", text("2h")), entry("for", text("5m"))});
    CHECK(read("backup_too_old", list({short_one, long_one})).said.contains("has one 'for' for all its steps"));
    const Read alone = read("backup_too_old", table({entry("for", text("10m"))}));
    CHECK(alone.said.empty());
    CHECK(alone.policy.hold(RuleId::backup_too_old) == 10min);
    CHECK(alone.policy[RuleId::backup_too_old].steps.empty());
    CHECK(shown(alone.policy) == "policy.backup_too_old = { for = \"10m\" }\n");
}

TEST_CASE("what is no table is no policy") {
    Diagnostics diagnostics;
    const Policy policy = read_policy(text("strict"), "asset.a.policy", "asset.a", diagnostics);
    CHECK(policy == Policy{});
    REQUIRE(diagnostics.all().size() == 1);
    CHECK(diagnostics.all()[0].message == "expected a table, found a string");
}

TEST_CASE("what no policy changes is said to be so") {
    for (const char* rule : {"config_reload_failed", "state_degraded", "clock_skewed", "recoverd_watchdog"}) {
        CAPTURE(rule);
        const Read got = read(rule, node(false));
        CHECK(got.said.contains("is about the agent itself: no policy changes it"));
        CHECK(got.policy.enabled(find_rule_by_key(rule)->id));
    }
}

TEST_CASE("who moves a threshold keeps the priority, and the other way round") {
    const Policy below =
        read("backup_too_old", table({entry("over", text("2h")), entry("priority", text("P1"))})).policy;
    const auto over_it = [&](Node value) { return shown(below.overlaid(read("backup_too_old", value).policy)); };
    CHECK(over_it(over(text("4h"))) == "policy.backup_too_old = { over = \"4h\", priority = \"P1\" }\n");
    CHECK(over_it(table({entry("priority", text("P3"))})) ==
          "policy.backup_too_old = { over = \"2h\", priority = \"P3\" }\n");
    // Steps of another backup type are others.
    CHECK(
        over_it(list({table({entry("over", text("8d")), entry("backup_type", text("full"))}), over(text("4h"))})) ==
        "policy.backup_too_old = [{ backup_type = \"full\", over = \"8d\" }, { over = \"4h\", priority = \"P1\" }]\n");
}

TEST_CASE("a value that two say a part of is of both") {
    Policy below = read("backup_too_old", table({entry("over", text("2h")), entry("priority", text("P1"))})).policy;
    below[RuleId::backup_too_old].origin = "policy";
    const Policy part = read("backup_too_old", over(text("4h"))).policy;
    const Policy whole =
        read("backup_too_old", table({entry("over", text("4h")), entry("priority", text("P3"))})).policy;
    CHECK(below.overlaid(part)[RuleId::backup_too_old].origin == "asset.a, policy");
    CHECK(below.overlaid(whole)[RuleId::backup_too_old].origin == "asset.a");
}

TEST_CASE("one step over several, which leaves open what they say, is warned of") {
    const Node p3 = table({entry("over", text("90m")), entry("priority", text("P3"))});
    const Node p1 = table({entry("over", text("3h")), entry("priority", text("P1"))});
    const Policy below = read("backup_too_old", list({p3, p1})).policy;
    const auto said = [&](Node value) {
        Diagnostics diagnostics;
        const Node whole = table({entry("backup_too_old", std::move(value))});
        const Policy above = read_policy(whole, "asset.b.policy", "asset.b", diagnostics);
        laid_over(below, above, whole, "asset.b.policy", diagnostics);
        return diagnostics.all().empty() ? std::string{} : format(diagnostics.all()[0]);
    };
    CHECK(said(over(text("4h"))) ==
          "warning: asset.b.policy.backup_too_old: expected `over` and `priority` with every step, as these replace "
          "those of asset.a, found one without: it has the rule's own");
    CHECK(said(p1).empty());
    CHECK(said(node(false)).empty());
    CHECK(said(table({entry("for", text("10m"))})).empty());
}
