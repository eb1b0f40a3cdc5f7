// SPDX-License-Identifier: Apache-2.0
#include "exporters/rules_yaml.hpp"

#include "core/rules/table.hpp"
#include "tests/exporters/support/snapshots.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace recoverd;
using Catch::Matchers::ContainsSubstring;

namespace {

struct Folder {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("recoverd-rules-" + std::to_string(getpid()));
    Folder() { std::filesystem::create_directories(path); }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    void write(const std::string& name, const std::string& text) const { std::ofstream(path / name) << text; }
};

/// One rule: on host `pull` Prometheus notifies, on host `push` the agent does, of asset `b` it only pends, and host
/// `gone` was not scraped again.
std::string unit_test(const core::Rule& rule) {
    constexpr std::string_view kHeld = "          - labels: '{instance=\"gone\"}'\n            value: 1\n";
    // Whoever waits for it to fall silent is to know at once.
    const bool watchdog = rule.id == core::RuleId::recoverd_watchdog;
    return fmt::format(R"(  - name: {0}
    interval: 1m
    input_series:
      - series: 'recoverd_alert{{alertname="{0}",state="firing",asset="a",check="c",priority="P2",severity="critical",instance="pull"}}'
        values: '1 1 1'
      - series: 'recoverd_alert{{alertname="{0}",state="firing",asset="a",check="c",priority="P2",severity="critical",instance="push"}}'
        values: '1 1 1'
      - series: 'recoverd_alert{{alertname="{0}",state="pending",asset="b",check="c",priority="P2",severity="critical",instance="pull"}}'
        values: '1 1 1'
      - series: 'recoverd_alert{{alertname="{0}",state="firing",asset="a",check="c",priority="P2",severity="critical",instance="gone"}}'
        values: '1 stale _'
      - series: 'recoverd_alertmanager_push_enabled{{instance="gone"}}'
        values: '0 stale _'
      - series: 'recoverd_alertmanager_push_enabled{{instance="push"}}'
        values: '1 1 1'
      - series: 'recoverd_alertmanager_push_enabled{{instance="pull"}}'
        values: '0 0 0'
    promql_expr_test:
      - expr: count(ALERTS{{alertname="{0}",alertstate="firing",asset="a",priority="P2",severity="critical",instance="pull",state=""}})
        eval_time: 1m
        exp_samples:
          - labels: '{{}}'
            value: 1
      - expr: count by (instance) (ALERTS)
        eval_time: 1m
        exp_samples:
          - labels: '{{instance="pull"}}'
            value: 1
{1})",
                       rule.name, watchdog ? "" : kHeld);
}

} // namespace

TEST_CASE("the rules for Prometheus are as they were accepted, one for each alert") {
    const std::string yaml = exporters::rules_yaml("https://runbooks.example");
    test::check_golden("rules.yaml", yaml);
    for (const core::Rule& rule : core::rules())
        CHECK_THAT(yaml, ContainsSubstring(fmt::format("alert: {}\n", rule.name)) &&
                             ContainsSubstring(fmt::format("https://runbooks.example/{}'", rule.name)));
}

TEST_CASE("promtool takes the rules; each goes by the agent's last word, and is silent when the agent pushes") {
    if (test::shell("promtool --version", "").status != 0)
        SKIP("promtool is not installed");
    const Folder folder;
    folder.write("rules.yaml", exporters::rules_yaml(""));
    std::string tests = "rule_files: [rules.yaml]\nevaluation_interval: 1m\ntests:\n";
    for (const core::Rule& rule : core::rules())
        tests += unit_test(rule);
    folder.write("test.yaml", tests);
    const auto checked = test::shell("promtool check rules " + (folder.path / "rules.yaml").string(), "");
    INFO(checked.output);
    CHECK(checked.status == 0);
    const auto tested = test::shell("promtool test rules " + (folder.path / "test.yaml").string(), "");
    INFO(tested.output);
    CHECK(tested.status == 0);
}

TEST_CASE("alerts by Prometheus point to the same runbooks and dashboard as the agent's own") {
    const std::string rules =
        exporters::rules_yaml("https://wiki.example/runbooks", "https://grafana.example/d/r?a='b'");
    CHECK_THAT(rules, ContainsSubstring("runbook_url: 'https://wiki.example/runbooks/BackupTooOld'\n"));
    CHECK_THAT(rules, ContainsSubstring("dashboard_url: 'https://grafana.example/d/r?a=''b'''\n"));
    CHECK_THAT(exporters::rules_yaml({}), !ContainsSubstring("_url:"));
}
