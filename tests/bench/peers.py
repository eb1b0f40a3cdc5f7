# SPDX-License-Identifier: Apache-2.0
"""The servers that are watched, and the programs that recoverd is measured beside: all from Debian's packages."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from servers.background import Background
from servers.http import answers, get, get_json
from servers.process import Process, free_port, program

# Of the preset bench: what is measured inside, and beside what.
BUILT = Path(__file__).resolve().parents[2] / "build/bench/tests/bench"

NGINX = """
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/nginx.error.log;
worker_processes 1;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    keepalive_timeout 0;
    client_body_temp_path {directory}/nginx-body;
    proxy_temp_path {directory}/nginx-proxy;
    fastcgi_temp_path {directory}/nginx-fastcgi;
    uwsgi_temp_path {directory}/nginx-uwsgi;
    scgi_temp_path {directory}/nginx-scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ return 200 "all is well\\n"; }}
    }}
}}
"""


class Nginx:
    """What is probed. It closes each connection after its answer, so that everybody pays for a new one."""

    free_port = staticmethod(free_port)

    def __init__(self, directory, port=None):
        self.port = port or free_port()
        directory = directory / f"nginx-{self.port}"
        directory.mkdir(exist_ok=True)
        directory.chmod(0o777)
        (directory / "nginx.conf").write_text(NGINX.format(directory=directory, port=self.port), encoding="utf-8")
        self.process = Process([program("nginx", "/usr/sbin/nginx"), "-p", directory, "-c", directory / "nginx.conf",
                                "-e", directory / "nginx.error.log"], directory / "log")
        self.url = f"http://127.0.0.1:{self.port}"
        self.process.until_ready(lambda: answers(self.url), "nginx")

    def stop(self):
        self.process.stop()


class Exporter:
    """One of Prometheus' exporters, listening on a port of its own."""

    def __init__(self, directory, name, *arguments, environment=None):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        argv = [program(name), f"--web.listen-address=127.0.0.1:{self.port}", *arguments]
        if environment:
            argv = ["env", *(f"{key}={value}" for key, value in environment.items()), *argv]
        self.process = Process(argv, directory / f"{name}.log")
        self.process.until_ready(lambda: answers(f"{self.url}/metrics"), name)

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        self.process.stop()


PROMETHEUS = """
global:
  scrape_interval: {every}s
  scrape_timeout: {every}s
  evaluation_interval: {every}s
{more}
scrape_configs:
  - job_name: blackbox
    metrics_path: /probe
    params: {{ module: [http_2xx] }}
    static_configs: {groups}
    relabel_configs:
      - {{ source_labels: [module], regex: (.+), target_label: __param_module }}
      - {{ source_labels: [__address__], target_label: __param_target }}
      - {{ source_labels: [__param_target], target_label: instance }}
      - {{ target_label: __address__, replacement: '127.0.0.1:{blackbox}' }}
"""


class Prometheus:
    def __init__(self, directory, blackbox, targets, every, more="", lifecycle=False, other_modules=None):
        """`other_modules`: of blackbox_exporter, each with targets of its own."""
        groups = [{"targets": targets}] + [{"targets": of_module, "labels": {"module": module}}
                                           for module, of_module in (other_modules or {}).items()]
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        config = directory / f"prometheus-{port}.yml"
        config.write_text(PROMETHEUS.format(every=every, groups=groups, blackbox=blackbox.port, more=more),
                          encoding="utf-8")
        self.process = Process([program("prometheus"), f"--config.file={config}",
                                f"--storage.tsdb.path={directory}/prometheus-{port}",
                                f"--web.listen-address=127.0.0.1:{port}",
                                *(["--web.enable-lifecycle"] if lifecycle else [])], directory / "prometheus.log")
        self.process.until_ready(lambda: answers(f"{self.url}/-/ready"), "Prometheus")

    @property
    def pid(self):
        return self.process.pid

    def value(self, expression):
        """Of the first series that it answers with; None for no answer."""
        found = get_json(f"{self.url}/api/v1/query?query={expression}")["data"]["result"]
        return float(found[0]["value"][1]) if found else None

    def stop(self):
        self.process.stop()


class Scraper(Background):
    """Somebody who asks for the metrics at an interval, as Prometheus would."""

    def __init__(self, url, every):
        super().__init__()
        self._url, self._every = f"{url}/metrics", every

    def _run(self):
        while not self._over.wait(self._every):
            get(self._url, timeout=30)


class AlertSink:
    """In an Alertmanager's stead: when did the first alert of a name arrive, firing?"""

    def __init__(self):
        arrived = self._arrived = {}

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                for name in ("EndpointDown", "ProbeFailed"):
                    if name in body:
                        arrived.setdefault(name, time.monotonic())
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def forget(self):
        self._arrived.clear()

    def arrived(self, name):
        return self._arrived.get(name)

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
