# SPDX-License-Identifier: Apache-2.0
"""packaging/helm/recoverd for the Prometheus operator: what is scraped, who notifies of what, and nobody twice."""

import json
import re
import tomllib

import pytest
import yaml

from servers.manifests import of_kind, the
from servers.process import program, run, until
from servers.prometheus import Prometheus
# The fixtures too.
from test_helm import AGENTS_ONLY, OPERATOR, PROMETHEUS, PUSH, chart, config_of, objects, tools

pytestmark = pytest.mark.ci


def groups_of(found):
    """The rules of the one PrometheusRule, by their group."""
    return {group["name"]: group["rules"] for group in the(found, "PrometheusRule")["spec"]["groups"]}


def alerts_of(groups):
    return [rule for rules in groups.values() for rule in rules if "alert" in rule]


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
        assert groups.keys() == {"recoverd", "recoverd-agent", "recoverd-recording"}
        assert len(groups["recoverd"]) > 30
        assert all("unless on (instance) recoverd_alertmanager_push_enabled == 1" in each["expr"]
                   for each in groups["recoverd"])
        alerts = alerts_of(groups)
        runbooks = {each["annotations"].get("runbook_url") for each in alerts}
        wanted = {f"https://runbooks.example/{each['alert']}" for each in alerts} if values is OPERATOR else {None}
        assert runbooks == wanted


def test_what_an_agent_cannot_say_prometheus_says_whoever_tells_the_rest(objects):
    shipped = [group for name in ("agent", "recording")
               for group in yaml.safe_load((PROMETHEUS / f"rules/recoverd-{name}.yml").read_text())["groups"]]
    both = groups_of(objects({"prometheusRule": {**AGENTS_ONLY["prometheusRule"], "findings": True}}))
    pushed = objects({**PUSH, **AGENTS_ONLY})
    assert the(pushed, "PrometheusRule")["spec"]["groups"] == shipped
    assert both["recoverd-agent"] == shipped[0]["rules"]
    # Nobody is told twice: of nothing in it speaks the agent itself.
    assert not {each["alert"] for each in both["recoverd"]} & {each["alert"] for each in shipped[0]["rules"]}
    assert tomllib.loads(config_of(pushed))["alertmanager"]["urls"]


def test_rules_of_the_chart_judge_as_they_do_elsewhere(site, objects):
    for name in ("agent", "recording"):
        tests = yaml.safe_load((PROMETHEUS / f"tests/recoverd-{name}.test.yml").read_text())
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


def discovered(service, node):
    """What discovery tells of one address of a Service, and what the operator makes of it before our relabelings."""
    name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
    told = {f"service_label_{re.sub('[^a-z0-9]', '_', label)}": value
            for label, value in service["metadata"]["labels"].items()}
    told |= {"namespace": namespace, "service_name": name, "pod_node_name": node}
    return {**{f"__meta_kubernetes_{key}": value for key, value in told.items()}, "job": name, "namespace": namespace,
            "service": name, "pod": f"{name}-x7k2p", "container": "recoverd", "endpoint": "web"}


def in_prometheus_words(relabeling):
    return {re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), key): value for key, value in relabeling.items()}


def test_scraped_agents_are_who_they_are_whatever_pod_they_run_in(site, objects):
    """By a real Prometheus, in which a file stands for Kubernetes' discovery."""
    found = objects(OPERATOR)
    (endpoint,) = the(found, "ServiceMonitor")["spec"]["endpoints"]
    site.agent.begin(site.config())
    file = site.directory / "endpoints.json"
    file.write_text(json.dumps([{"targets": [f"127.0.0.1:{site.agent.port}"], "labels": discovered(service, "node-1")}
                                for service in of_kind(found, "Service")]))
    prometheus = Prometheus(site.directory, None, scrape={
        "job_name": "serviceMonitor/backup/recoverd/0", "file_sd_configs": [{"files": [str(file)]}],
        "relabel_configs": [in_prometheus_words(each) for each in endpoint["relabelings"]]})
    try:
        up = until(lambda: len(prometheus.query("up == 1")) == 2 and prometheus.query("up"), "both are up")
        assert {(labels["instance"], labels["service"]) for labels, _ in up} == {
            ("backup/node-1", "backup-recoverd-node"), ("backup/backup-recoverd-cluster", "backup-recoverd-cluster")}
        assert all(labels["job"] == "recoverd" and "pod" not in labels for labels, _ in up)
    finally:
        prometheus.stop()
