# SPDX-License-Identifier: Apache-2.0
"""packaging/prometheus: scrape examples, rules and mixin, by promtool and a real Prometheus that scrapes a real agent."""

import json
import re
import shutil
import subprocess
import threading
import tomllib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

import readme
from conftest import REPOSITORY
from servers.http import get_json
from servers.process import free_port, program, until
from servers.prometheus import Prometheus

FOLDER = REPOSITORY / "packaging" / "prometheus"
RULES = FOLDER / "rules"
RUNBOOKS = "https://runbooks.example/recoverd"


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def rules_in(document, kind):
    """By name; `kind` is alert or record."""
    return {rule[kind]: rule for group in document["groups"] for rule in group["rules"] if kind in rule}


def test_shipped_alerts_are_what_the_program_prints(servers):
    status, printed, err = servers.agent.command("rules", "--runbook-url", RUNBOOKS)
    assert status == 0, err
    assert (RULES / "recoverd-alerts.yml").read_text(encoding="utf-8") == printed, "tools/accept-golden writes it anew"


def alerts_tested(document):
    """Of a file of promtool tests: which alerts are expected to fire, and which not to, somewhere."""
    cases = [case for test in document["tests"] for case in test.get("alert_rule_test", [])]
    return ({case["alertname"] for case in cases if case["exp_alerts"]},
            {case["alertname"] for case in cases if not case["exp_alerts"]})


def test_each_alert_of_the_agents_is_seen_to_fire_and_to_wait():
    fire, wait = alerts_tested(load(FOLDER / "tests" / "recoverd-agent.test.yml"))
    alerts = rules_in(load(RULES / "recoverd-agent.yml"), "alert")
    assert fire == wait == set(alerts)
    for name, rule in alerts.items():
        assert rule["labels"].keys() == {"priority", "severity", "source"}
        assert rule["annotations"]["runbook_url"] == f"{RUNBOOKS}/{name}"


def test_in_a_cluster_the_deployments_agent_is_missed_by_the_name_that_it_has():
    rules = RULES / "kubernetes" / "recoverd-kubernetes.yml"
    fire, wait = alerts_tested(load(FOLDER / "tests" / "recoverd-kubernetes.test.yml"))
    assert fire == wait == set(rules_in(load(rules), "alert")) == {"RecoverdAbsent"}
    deployment = load(REPOSITORY / "packaging/kubernetes/components/cluster/deployment.yaml")["metadata"]
    (expression,) = [rule["expr"] for rule in rules_in(load(rules), "alert").values()]
    assert re.findall(r'instance="([^"]*)"', expression) == [f'{deployment["namespace"]}/{deployment["name"]}']
    # On hosts nobody has it.
    loaded = {name: {file for pattern in load(FOLDER / f"prometheus-{name}.yml")["rule_files"]
                     for file in FOLDER.glob(pattern)} for name in ("host", "kubernetes")}
    assert loaded["kubernetes"] == loaded["host"] | {rules}


def test_each_recorded_rule_has_a_value_that_somebody_worked_out():
    document = load(FOLDER / "tests" / "recoverd-recording.test.yml")
    asked = {case["expr"] for test in document["tests"] for case in test["promql_expr_test"] if case["exp_samples"]}
    assert asked == set(rules_in(load(RULES / "recoverd-recording.yml"), "record"))


def test_the_readmes_commands_work(servers, tmp_path):
    """promtool's checks and unit tests are among them."""
    here, _ = readme.run_all(FOLDER, tmp_path, servers.agent.binary)
    made = rules_in(json.loads((here / "alerts.json").read_text(encoding="utf-8")), "alert")
    files = [rules_in(load(here / "rules" / f"recoverd-{name}.yml"), "alert") for name in ("alerts", "agent")]
    assert made == {**files[0], **files[1]}
    assert rules_in(json.loads((here / "rules.json").read_text(encoding="utf-8")), "record") == rules_in(
        load(RULES / "recoverd-recording.yml"), "record")
    assert "https://wiki.example/runbooks/BackupTooOld" in (here / "rules/recoverd-alerts.yml").read_text("utf-8")


def query_of(name, check):
    """What a shipped configuration asks Prometheus in a check, which may be switched off there."""
    text = (REPOSITORY / "packaging" / "config" / name).read_text(encoding="utf-8")
    return tomllib.loads(re.sub(r"^#(?! )", "", text, flags=re.MULTILINE))["check"][check]["query"]


def promtool(tmp_path, tests, rules=()):
    """Its verdict over unit tests, and its words."""
    file = tmp_path / "some.test.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(each) for each in rules], "evaluation_interval": "1m",
                                    "tests": tests}), encoding="utf-8")
    done = subprocess.run([program("promtool"), "test", "rules", file], capture_output=True, text=True, timeout=60,
                          check=False)
    return done.returncode == 0, done.stdout + done.stderr


def requests(**rates):
    """Of one code each, so many in a minute."""
    return [{"series": f'http_requests_total{{namespace="shop",code="{code.strip("_")}"}}', "values": f"0+{rate}x20"}
            for code, rate in rates.items()]


@pytest.mark.parametrize("name", ["recoverd.toml", "resilience-guide.toml"])
@pytest.mark.parametrize("series, ratio", [
    (requests(_200=60), 0),
    (requests(_200=54, _502=4, _503=2), 0.1),
    # Nobody can say.
    ([], None),
], ids=["nothing-ever-failed", "a-tenth-fails", "nobody-counts"])
def test_the_error_rate_of_the_examples_is_known_where_nothing_failed(tmp_path, name, series, ratio):
    expected = [] if ratio is None else [{"labels": "{}", "value": ratio}]
    well, said = promtool(tmp_path, [{"interval": "1m", "input_series": series, "promql_expr_test": [
        {"expr": query_of(name, "error-rate"), "eval_time": "10m", "exp_samples": expected}]}])
    assert well, said


def buckets(rates):
    """Of requests that took so many seconds at most, so many in a minute."""
    return [{"series": f'http_request_duration_seconds_bucket{{namespace="shop",le="{le}"}}', "values": f"0+{rate}x20"}
            for le, rate in rates.items()]


@pytest.mark.parametrize("series, seconds", [
    # A sixth took longer than any bucket tells apart: half a second, and who knows how much more.
    (buckets({"0.1": 50, "0.5": 50, "+Inf": 60}), 0.5),
    # Nobody can say.
    ([], None),
], ids=["a-sixth-is-slow", "nobody-measures"])
def test_the_latency_of_the_guide_is_that_of_the_slowest_hundredth(tmp_path, series, seconds):
    expected = [] if seconds is None else [{"labels": "{}", "value": seconds}]
    well, said = promtool(tmp_path, [{"interval": "1m", "input_series": series, "promql_expr_test": [
        {"expr": query_of("resilience-guide.toml", "latency"), "eval_time": "10m", "exp_samples": expected}]}])
    assert well, said


def mixin(part, config=""):
    """What it makes of itself, as text."""
    code = f'((import "mixin.libsonnet") + {{ _config+:: {{ {config} }} }}).{part}'
    return subprocess.run([program("jsonnet"), "-J", FOLDER / "mixin", "-e", code], capture_output=True, text=True,
                          timeout=60, check=True).stdout


def test_the_mixin_takes_another_job_and_other_runbooks():
    text = mixin("prometheusAlerts", 'job: "backup-agents", runbookUrl: "https://wiki.example"')
    alerts = rules_in(json.loads(text), "alert")
    assert alerts["RecoverdDown"]["expr"] == 'up{job="backup-agents"} == 0'
    assert alerts["RecoverdDown"]["annotations"]["runbook_url"] == "https://wiki.example/RecoverdDown"
    assert alerts["BackupTooOld"]["annotations"]["runbook_url"] == "https://wiki.example/BackupTooOld"
    assert 'job="recoverd"' not in text


def test_the_mixin_brings_the_dashboards():
    shipped = {file.name: json.loads(file.read_text(encoding="utf-8"))
               for file in (REPOSITORY / "packaging" / "grafana").glob("*.json")}
    assert shipped and json.loads(mixin("grafanaDashboards")) == shipped


def quick_rules(directory):
    """The shipped rules with seconds for the minutes that they wait; nothing else is changed."""
    for source in RULES.glob("*.yml"):
        text = re.sub(r"(\bfor: \d+)m$", r"\1s", source.read_text(encoding="utf-8"), flags=re.MULTILINE)
        (directory / source.name).write_text(text, encoding="utf-8")


def judged(prometheus):
    """Every rule of a Prometheus, by name."""
    groups = get_json(f"{prometheus.url}/api/v1/rules")["data"]["groups"]
    return {rule["name"]: rule for group in groups for rule in group["rules"]}


def firing(prometheus):
    return {labels["alertname"] for labels, _ in prometheus.query('ALERTS{alertstate="firing"}')}


@contextmanager
def judging(servers, alertmanager=None, port=None):
    """A Prometheus with the shipped rules. Scrapes the agent, or another port; tells the site's Alertmanager, or
    another one."""
    directory = servers.directory / "shipped-rules"
    directory.mkdir(mode=0o755)
    quick_rules(directory)
    server = Prometheus(servers.directory, f"127.0.0.1:{port or servers.agent.port}", f"{directory}/*.yml",
                        alertmanager or servers.alertmanager)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory)


@pytest.fixture
def prometheus(servers):
    with judging(servers) as server:
        yield server


@pytest.mark.all
def test_real_prometheus_judges_a_real_agent_by_them(site, prometheus):
    """Pushing by itself, so that of its verdicts no rule speaks; then dead, which it cannot say itself."""
    site.agent.begin(site.config())
    status, _ = site.agent.report(asset="orders-db", kind="exercise", exercise="restore-test", outcome="passed",
                                  depth="queried", started_at="2026-01-01T00:00:00Z", ended_at="2026-01-01T00:20:00Z",
                                  rto_seconds=1200)
    assert status == 201
    recorded = set(rules_in(load(RULES / "recoverd-recording.yml"), "record"))
    until(lambda: all(prometheus.query(name) for name in recorded),
          lambda: f"each has a value: { {name: prometheus.query(name) for name in recorded} }")
    assert firing(prometheus) == set()
    assert {rule["health"] for rule in judged(prometheus).values()} == {"ok"}
    site.agent.stop()
    until(lambda: firing(prometheus) == {"RecoverdDown"}, lambda: f"it is said to be down: {firing(prometheus)}")


@pytest.mark.all
def test_an_agent_that_no_alertmanager_hears_is_said(site, prometheus):
    config = site.config()
    config["alertmanager"]["urls"] = [f"http://127.0.0.1:{free_port()}"]
    site.agent.begin(config)
    until(lambda: firing(prometheus) == {"RecoverdNotSending"}, lambda: f"it is said: {firing(prometheus)}")


class SomethingElse(BaseHTTPRequestHandler):
    """Answers with a page of metrics of which none is recoverd's."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(b"up_since 1\n")

    def log_message(self, *_):
        pass


@pytest.mark.all
def test_something_else_on_the_agents_port_is_said(servers):
    other = ThreadingHTTPServer(("127.0.0.1", 0), SomethingElse)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    try:
        with judging(servers, port=other.server_address[1]) as prometheus:
            until(lambda: firing(prometheus) == {"RecoverdWatchdogMissing"}, lambda: f"it is said: {firing(prometheus)}")
    finally:
        other.shutdown()
        other.server_close()


def pod(name, namespace="monitoring", kind="ReplicaSet", node="node-2", container="recoverd", port=9754,
        phase="Running"):
    """What discovery tells of one port of a pod."""
    told = {"name": name, "controller_kind": kind, "controller_name": name.rpartition("-")[0], "node_name": node,
            "container_name": container, "container_port_number": str(port), "phase": phase}
    return {"__meta_kubernetes_namespace": namespace,
            **{f"__meta_kubernetes_pod_{key}": value for key, value in told.items()}}


# By the `instance` that they are to get; the others are none of ours.
PODS = {"monitoring/node-1": pod("recoverd-x7k2p", kind="DaemonSet", node="node-1"),
        # On the same node, and nobody else's.
        "backup/node-1": pod("recoverd-b4d6q", "backup", "DaemonSet", "node-1"),
        "monitoring/recoverd-cluster": pod("recoverd-cluster-5d9f7c-x2x9p"),
        "shop/orders-db-0": pod("orders-db-0", "shop", "StatefulSet")}
OTHERS = [pod("orders-db-0", "shop", "StatefulSet", container="postgresql", port=5432),
          pod("orders-db-0", "shop", "StatefulSet", container="recoverd", port=8080),
          pod("other-0", "shop", "StatefulSet", container="other"),
          pod("recoverd-ended", phase="Succeeded"), pod("recoverd-failed", phase="Failed")]


@pytest.mark.all
def test_the_kubernetes_example_names_each_pod_as_it_should(site):
    """Debian's Prometheus knows no Kubernetes, so a file tells it of pods, in the words of that discovery."""
    (job,) = load(FOLDER / "prometheus-kubernetes.yml")["scrape_configs"]
    assert job.pop("kubernetes_sd_configs") == [{"role": "pod"}]
    site.agent.begin(site.config())
    found = site.directory / "pods.json"
    found.write_text(json.dumps([{"targets": [f"127.0.0.1:{site.agent.port}"], "labels": labels}
                                 for labels in [*PODS.values(), *OTHERS]]), encoding="utf-8")
    job["file_sd_configs"] = [{"files": [str(found)]}]
    prometheus = Prometheus(site.directory, None, scrape=job)
    try:
        up = until(lambda: len(prometheus.query("up == 1")) == len(PODS) and prometheus.query("up"), "each is up")
        assert {labels["instance"] for labels, _ in up} == PODS.keys()
        assert all(labels.keys() == {"__name__", "job", "instance", "namespace"} for labels, _ in up)
    finally:
        prometheus.stop()


def test_the_kubernetes_example_is_well_formed_but_for_what_debian_left_out(tmp_path):
    """Everything in it but Kubernetes' discovery is judged by promtool."""
    config = load(FOLDER / "prometheus-kubernetes.yml")
    config["rule_files"] = [str(FOLDER / pattern) for pattern in config["rule_files"]]
    del config["scrape_configs"][0]["kubernetes_sd_configs"]
    (alertmanager,) = config["alerting"]["alertmanagers"]
    del alertmanager["kubernetes_sd_configs"]
    kept = [re.compile(rule["regex"]) for rule in alertmanager["relabel_configs"] if rule["action"] == "keep"]
    ports = [port for port in (8080, 9093, 9094) if all(one.fullmatch(f"10.0.0.1:{port}") for one in kept)]
    assert ports == [9093]
    checked = tmp_path / "prometheus.yml"
    checked.write_text(yaml.safe_dump(config), encoding="utf-8")
    done = subprocess.run([program("promtool"), "check", "config", checked], capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
