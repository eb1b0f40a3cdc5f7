# SPDX-License-Identifier: Apache-2.0
"""packaging/helm/recoverd for the Prometheus operator: what is scraped, who notifies of what, and nobody twice."""

import re
import tomllib

import pytest
import yaml

from servers.manifests import of_kind, the
from servers.process import program, run
# The fixtures too.
from test_helm import AGENTS_ONLY, OPERATOR, PROMETHEUS, PUSH, chart, config_of, objects, tools

pytestmark = pytest.mark.ci


def groups_of(found):
    """The rules of the one PrometheusRule, by their group."""
    return {group["name"]: group["rules"] for group in the(found, "PrometheusRule")["spec"]["groups"]}


def alerts_of(groups):
    return [rule for rules in groups.values() for rule in rules]


def taken(site, found):
    """Where the rendered rules are, which Prometheus would take."""
    file = site.directory / "helm-rules.yml"
    file.write_text(yaml.safe_dump(the(found, "PrometheusRule")["spec"]))
    run([program("promtool"), "check", "rules", file])
    return file


def hold(site, found, unit_tests):
    file = site.directory / "helm-rules.test.yml"
    file.write_text(yaml.safe_dump({**unit_tests, "rule_files": [str(taken(site, found))]}))
    run([program("promtool"), "test", "rules", file])


def test_prometheus_takes_the_rules(site, objects):
    """With runbooks, and without; what agents found is told by none of them beside an agent that pushes."""
    for values in (OPERATOR, {"prometheusRule": {"enabled": True}}):
        found = objects(values)
        taken(site, found)
        groups = groups_of(found)
        assert groups.keys() == {"recoverd", "recoverd-agent"}
        assert len(groups["recoverd"]) > 30
        assert all("unless on (instance) recoverd_alertmanager_push_enabled == 1" in each["expr"]
                   for each in groups["recoverd"])
        alerts = alerts_of(groups)
        runbooks = {each["annotations"].get("runbook_url") for each in alerts}
        wanted = {f"https://runbooks.example/{each['alert']}" for each in alerts} if values is OPERATOR else {None}
        assert runbooks == wanted


def test_what_an_agent_cannot_say_prometheus_says_whoever_tells_the_rest(objects):
    shipped = yaml.safe_load((PROMETHEUS / "rules/recoverd-agent.yml").read_text())["groups"]
    both = groups_of(objects({"prometheusRule": {**AGENTS_ONLY["prometheusRule"], "findings": True}}))
    pushed = objects({**PUSH, **AGENTS_ONLY})
    assert the(pushed, "PrometheusRule")["spec"]["groups"] == shipped
    assert both["recoverd-agent"] == shipped[0]["rules"]
    # Nobody is told twice: of nothing in it speaks the agent itself.
    assert not {each["alert"] for each in both["recoverd"]} & {each["alert"] for each in shipped[0]["rules"]}
    assert tomllib.loads(config_of(pushed))["alertmanager"]["urls"]


def test_rules_of_the_chart_judge_as_they_do_elsewhere(site, objects):
    tests = yaml.safe_load((PROMETHEUS / "tests/recoverd-agent.test.yml").read_text())
    hold(site, objects({**PUSH, **AGENTS_ONLY}), tests)


def missed(service, other):
    """A unit test: of one Service no target has ever been there, and all is well with the other's."""
    series = [{"series": f'up{{job="recoverd",instance="a",namespace="backup",service="{other}"}}', "values": "1x20"},
              {"series": 'recoverd_alert{job="recoverd",instance="a",alertname="RecoverdWatchdog",state="firing"}',
               "values": "1x20"}]
    # Of the watchdog a rule tells, for a dead man's switch.
    expr = 'sum by (alertname, namespace, service) (ALERTS{alertstate="firing",alertname!="RecoverdWatchdog"})'
    told = f'{{alertname="RecoverdAbsent",namespace="backup",service="{service}"}}'
    return {"interval": "1m", "input_series": series, "promql_expr_test": [
        {"expr": expr, "eval_time": "9m", "exp_samples": []},
        {"expr": expr, "eval_time": "15m", "exp_samples": [{"labels": told, "value": 1}]}]}


def test_agents_of_one_kind_are_missed_while_those_of_the_other_are_there(site, objects):
    found = objects(OPERATOR)
    services = {each["metadata"]["name"] for each in of_kind(found, "Service")}
    assert len(services) == 2
    tests = [missed(service, *(services - {service})) for service in services]
    hold(site, found, {"evaluation_interval": "1m", "tests": tests})


def test_rules_ask_for_the_job_that_the_monitor_names(objects):
    for job in ("recoverd", "backup-agents"):
        found = objects({**OPERATOR, "scrapeJob": job})
        (endpoint,) = the(found, "ServiceMonitor")["spec"]["endpoints"]
        named = [each["replacement"] for each in endpoint["relabelings"] if each.get("targetLabel") == "job"]
        assert named == [job]
        asked = {name for each in alerts_of(groups_of(found)) for name in re.findall(r'job="([^"]*)"', each["expr"])}
        assert asked == {job}
        # An alert that names a pod ends with it.
        assert {"action": "labeldrop", "regex": "pod"} in endpoint["relabelings"]


def test_monitor_finds_both_services_and_is_labelled(objects):
    found = objects(OPERATOR)
    monitor = the(found, "ServiceMonitor")
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    selector = monitor["spec"]["selector"]["matchLabels"]
    services = of_kind(found, "Service")
    assert len(services) == 2
    for service in services:
        assert selector.items() <= service["metadata"]["labels"].items()
        assert monitor["spec"]["endpoints"][0]["port"] in {port["name"] for port in service["spec"]["ports"]}
