# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus that scrapes one target every second, and may judge rules and notify."""

import json
import signal
import urllib.parse

from .http import answers, get_json
from .process import Process, free_port, program

CONFIG = """
global:
  scrape_interval: 1s
  scrape_timeout: 1s
  evaluation_interval: 1s
scrape_configs:
  - {scrape}
"""

NOTIFY = """
rule_files: ['{rules}']
alerting:
  alertmanagers:
    - static_configs:
        - targets: ['{alertmanager}']
"""


class Prometheus:
    def __init__(self, directory, target, rules=None, alertmanager=None, scrape=None):
        """`scrape` is a whole scrape configuration, in place of `target`."""
        self.url = f"http://127.0.0.1:{free_port()}"
        config = directory / "prometheus.yml"
        scrape = scrape or {"job_name": "recoverd", "static_configs": [{"targets": [target]}]}
        # YAML reads JSON.
        text = CONFIG.format(scrape=json.dumps(scrape))
        if rules:
            text += NOTIFY.format(rules=rules, alertmanager=alertmanager.url.removeprefix("http://"))
        config.write_text(text, encoding="utf-8")
        self._command = [program("prometheus"), f"--config.file={config}",
                         f"--storage.tsdb.path={directory}/prometheus-{self.url.rpartition(':')[2]}",
                         f"--web.listen-address={self.url.removeprefix('http://')}"]
        self._log = directory / "prometheus.log"
        self.start()

    def start(self):
        """With the data it had."""
        self._process = Process(self._command, self._log)
        self._process.until_ready(lambda: answers(f"{self.url}/-/ready"), "Prometheus")

    def query(self, expression):
        """What it answers by now: labels and value of each series."""
        question = urllib.parse.urlencode({"query": expression})
        answer = get_json(f"{self.url}/api/v1/query?{question}")
        return [(series["metric"], float(series["value"][1])) for series in answer["data"]["result"]]

    def stop(self):
        self._process.stop(signal.SIGKILL)
