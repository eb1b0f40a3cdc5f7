# SPDX-License-Identifier: Apache-2.0
"""From a fault to the Alertmanager, beside Prometheus with a rule at the same interval."""

import random
import time

from peers import AlertSink, Exporter, Nginx, Prometheus
from servers.process import until
from watching import agent_for, until_all_have_run

EVERY = 1
TIMES = 15

AGENT = """
[check.web]
collector = "http"
url = "{url}/"
every = "{every}s"
timeout = "900ms"
failures = 1
successes = 1

[alertmanager]
urls = ["http://127.0.0.1:{sink}"]
"""

MORE = """
rule_files: ['{rules}']
alerting:
  alertmanagers:
    - static_configs:
        - targets: ['127.0.0.1:{sink}']
"""

RULES = """
groups:
  - name: probes
    rules:
      - alert: ProbeFailed
        expr: probe_success == 0
"""


def times_to_arrive(nginx_port, bench, sink, name, settled):
    """Stops the server at random moments; how long until the alert arrives, each time."""
    took = []
    for _ in range(TIMES):
        nginx = Nginx(bench.directory, port=nginx_port)
        settled(True)
        sink.forget()
        time.sleep(random.uniform(0, EVERY))
        nginx.stop()
        began = time.monotonic()
        until(lambda: sink.arrived(name), f"{name} arrives")
        took.append(sink.arrived(name) - began)
        settled(False)
    return took


def of_recoverd(bench, sink):
    port = Nginx.free_port()
    agent = agent_for(bench, "alerting", AGENT.format(url=f"http://127.0.0.1:{port}", every=EVERY, sink=sink.port))

    def settled(up):
        until(lambda: agent.value("recoverd_probe_success", check="web") == up, f"probed {up}")
        until(lambda: bool(agent.samples("recoverd_finding")) != up, "judged")

    try:
        until_all_have_run(agent, 0)
        return times_to_arrive(port, bench, sink, "EndpointDown", settled)
    finally:
        agent.stop()


def of_prometheus(bench, sink):
    port = Nginx.free_port()
    folder = bench.fresh_directory("alerting-prometheus")
    rules = folder / "rules.yml"
    rules.write_text(RULES, encoding="utf-8")
    blackbox = Exporter(folder, "prometheus-blackbox-exporter", "--config.file=/etc/prometheus/blackbox.yml")
    prometheus = Prometheus(folder, blackbox, [f"http://127.0.0.1:{port}/"], EVERY,
                            MORE.format(rules=rules, sink=sink.port))

    def settled(up):
        until(lambda: prometheus.value("probe_success") == up, f"probed {up}")
        until(lambda: (prometheus.value("ALERTS") is None) == up, "judged")

    try:
        return times_to_arrive(port, bench, sink, "ProbeFailed", settled)
    finally:
        prometheus.stop()
        blackbox.stop()


def measure(bench, table):
    sink = AlertSink()
    try:
        ours, theirs = sorted(of_recoverd(bench, sink)), sorted(of_prometheus(bench, sink))
    finally:
        sink.stop()
    peer = "Prometheus + blackbox_exporter"
    table.row(f"fault to Alertmanager, every {EVERY} s: median", ours[TIMES // 2] * 1000, "ms", peer=peer,
              theirs=theirs[TIMES // 2] * 1000)
    table.row(f"fault to Alertmanager, every {EVERY} s: longest", ours[-1] * 1000, "ms", peer=peer,
              theirs=theirs[-1] * 1000, at_most=EVERY * 1000 + 100)
