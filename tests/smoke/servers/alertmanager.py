# SPDX-License-Identifier: Apache-2.0
"""A real Alertmanager, and the pager behind it that keeps every notification."""

import json
import shutil
import signal
import threading
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .http import accepts, answers, get_json
from .process import Process, free_port, program

# Groups by all labels, so that each alert is a notification of its own, at once.
CONFIG = """
route:
  receiver: pager
  group_by: ['...']
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 24h
receivers:
  - name: pager
    webhook_configs:
      - url: http://127.0.0.1:{port}/
        send_resolved: true
"""

WATCHDOG = "RecoverdWatchdog"


@dataclass(frozen=True, order=True)
class Alert:
    """What the contract fixes of an alert."""

    alertname: str
    priority: str
    severity: str
    asset: str = ""
    check: str = ""
    subject: str = ""
    assertion: str = ""

    @classmethod
    def of(cls, labels):
        return cls(*(labels.get(name, "") for name in cls.__dataclass_fields__))


class Pager:
    """Receives notifications and keeps them in order, as (status, alert)."""

    def __init__(self):
        notes = self._notes = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                for alert in document["alerts"]:
                    if alert["labels"]["alertname"] != WATCHDOG:
                        notes.append((alert["status"], Alert.of(alert["labels"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def mark(self):
        return len(self._notes)

    def since(self, mark):
        """How often each notification came since `mark`."""
        return Counter(self._notes[mark:])

    def open(self):
        """Alerts of which nobody was told yet that they are over."""
        last = {alert: status for status, alert in self._notes}
        return [alert for alert, status in last.items() if status == "firing"]

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class Alertmanager:
    def __init__(self, directory, name="alertmanager", web=None, config=None):
        """`web` is the file for --web.config.file; then it speaks TLS, and only its pager says what it has. `config` is
        the text of a configuration that does not know of the pager."""
        self.pager = Pager()
        self.port = free_port()
        self.url = f"{'https' if web else 'http'}://127.0.0.1:{self.port}"
        self.data = directory / name
        file = directory / f"{name}.yml"
        file.write_text(config or CONFIG.format(port=self.pager.port), encoding="utf-8")
        self._log = directory / f"{name}.log"
        self._command = [program("prometheus-alertmanager", "alertmanager"), f"--config.file={file}",
                         f"--storage.path={self.data}", "--cluster.listen-address=",
                         f"--web.listen-address=127.0.0.1:{self.port}"]
        if web:
            self._command.append(f"--web.config.file={web}")
        self._ready = (lambda: accepts(self.port)) if web else (lambda: answers(f"{self.url}/-/ready"))
        self._process = None
        self.start()

    def start(self):
        """With the data it had. Of alerts it keeps on disk only who was told, the alerts themselves never."""
        self._process = Process(self._command, self._log)
        self._process.until_ready(self._ready, "Alertmanager")

    def end(self):
        """As systemd ends it: it writes its data first. The pager stays."""
        self._process.stop()

    def lose_data(self):
        shutil.rmtree(self.data)

    def all(self):
        """Every alert that is not over, in the words of its API."""
        return get_json(f"{self.url}/api/v2/alerts")

    def document(self, alertname):
        """The one alert of this name."""
        (found,) = [alert for alert in self.all() if alert["labels"]["alertname"] == alertname]
        return found

    def firing(self):
        """What fires besides the watchdog, each as often as it is there."""
        return Counter(Alert.of(alert["labels"]) for alert in self.all() if alert["labels"]["alertname"] != WATCHDOG)

    def has_watchdog(self):
        return any(alert["labels"]["alertname"] == WATCHDOG for alert in self.all())

    def signal(self, number):
        self._process.send(number)

    def stop(self):
        self._process.stop(signal.SIGKILL)
        self.pager.stop()
