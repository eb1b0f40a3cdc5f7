# SPDX-License-Identifier: Apache-2.0
"""As much of GitHub's REST API as tells of one workflow: tags, "not modified", and a quota that is used up."""

import hashlib
import json
import time

from .web_server import Handler, WebServer

TOKEN = "ghp_of_a_drill"


def moment(ago=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - ago))


class GitHub(WebServer):
    def __init__(self):
        self.state = "active"
        self.runs = []
        # Requests that were answered, and those that cost something.
        self.asked = 0
        self.used = 0
        # Until then, in seconds since 1970, every request is refused, and counted in vain.
        self.limited_until = 0
        self.in_vain = 0
        self._next = 30_433_644
        server = self

        class Api(Handler):
            def do_GET(self):
                server._answer(self)

        self.url = self.serve(Api)

    def run(self, conclusion, status="completed", ago=60, attempt=1):
        """The newest run; returns it, to be changed."""
        self._next += 1
        made = {"id": self._next, "event": "schedule", "status": status, "conclusion": conclusion, "run_attempt": attempt,
                "created_at": moment(ago), "run_started_at": moment(ago), "updated_at": moment(ago / 2),
                "html_url": f"https://github.com/example/orders/actions/runs/{self._next}"}
        self.runs.insert(0, made)
        return made

    def _answer(self, request):
        path, _, _ = request.path.partition("?")
        base = "/repos/example/orders/actions/workflows/restore.yml"
        headers, body = {}, b""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            status, body = 401, b'{"message": "Bad credentials"}'
        elif time.time() < self.limited_until:
            self.in_vain += 1
            status, body = 403, b'{"message": "API rate limit exceeded for user ID 1."}'
            headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(self.limited_until))}
        elif path not in (base, base + "/runs"):
            status, body = 404, b'{"message": "Not Found"}'
        else:
            self.asked += 1
            document = {"state": self.state} if path == base else {"total_count": len(self.runs),
                                                                   "workflow_runs": self.runs[:20]}
            body = json.dumps(document).encode()
            tag = f'W/"{hashlib.sha256(body).hexdigest()}"'
            status, headers = 200, {"ETag": tag}
            if request.headers.get("If-None-Match") == tag:
                status, body = 304, b""
            else:
                self.used += 1
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        if status != 304:
            request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def check(self, token_file, **options):
        """As a collector's options."""
        return {"collector": "github_actions", "every": "1s", "timeout": "900ms", "api_url": self.url,
                "repository": "example/orders", "workflow": "restore.yml", "depth": "restored",
                "token": {"file": token_file}, **options}
