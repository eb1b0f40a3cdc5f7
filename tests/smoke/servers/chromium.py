# SPDX-License-Identifier: Apache-2.0
"""A real browser without a window, driven as W3C WebDriver says (JSON over HTTP), and axe-core to judge what it shows."""

import base64
import fcntl
import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from .http import answers
from .process import Process, free_port, program, server_user

AXE_VERSION = "4.14.1"
AXE_SHA256 = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"
AXE_URL = f"https://registry.npmjs.org/axe-core/-/axe-core-{AXE_VERSION}.tgz"
DOWNLOAD_PATIENCE = 300
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--no-proxy-server"]
# What WebDriver calls a reference to an element.
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
TAB, ENTER = "\ue004", "\ue007"
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def axe():
    """The script, fetched once per machine: the cache outlives the tree."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / f"recoverd/axe-core-{AXE_VERSION}"
    cache.mkdir(parents=True, exist_ok=True)
    archive = cache / "axe-core.tgz"
    with open(cache / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not archive.exists():
            with urllib.request.urlopen(AXE_URL, timeout=DOWNLOAD_PATIENCE) as answer:
                packed = answer.read()
            part = cache / "axe-core.part"
            part.write_bytes(packed)
            part.rename(archive)
        packed = archive.read_bytes()
        if hashlib.sha256(packed).hexdigest() != AXE_SHA256:
            archive.unlink()
            raise RuntimeError(f"{AXE_URL} is not what was expected")
    with tarfile.open(fileobj=io.BytesIO(packed)) as files:
        return files.extractfile("package/axe.min.js").read().decode()


class Browser:
    def __init__(self, directory):
        self.directory = Path(tempfile.mkdtemp(prefix="chromium.", dir=directory))
        if os.geteuid() == 0:
            os.chown(self.directory, server_user().pw_uid, server_user().pw_gid)
        port = free_port()
        self._url = f"http://127.0.0.1:{port}"
        # HOME: it keeps more than --user-data-dir says.
        self._driver = Process([program("chromedriver"), f"--port={port}"], self.directory / "driver.log",
                               {"HOME": self.directory, "TMPDIR": self.directory})
        try:
            self._driver.until_ready(lambda: answers(f"{self._url}/status"), "chromedriver")
            self._session = self._begin()
        except BaseException:
            self._driver.stop()
            raise
        self._axe = None

    def _begin(self):
        options = {"binary": program("chromium"), "args": [*ARGUMENTS, f"--user-data-dir={self.directory / 'profile'}"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"},
                  # A dialog is left as it is, to be found.
                  "unhandledPromptBehavior": "ignore"}
        self._session = None
        return self.ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def ask(self, verb, path, document=None):
        body = None if document is None else json.dumps(document).encode()
        where = self._url + (f"/session/{self._session}" if self._session else "") + path
        request = urllib.request.Request(where, body, {"Content-Type": "application/json"}, method=verb)
        try:
            with _opener.open(request, timeout=120) as answer:
                return json.loads(answer.read())["value"]
        except urllib.error.HTTPError as error:
            told = json.loads(error.read())["value"]
            raise RuntimeError(f"{told['error']}: {told['message']}") from None

    def devtools(self, command, **parameters):
        """What WebDriver has no word for."""
        return self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def size(self, width, height):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                      mobile=False)

    def scheme(self, name, media=""):
        """light or dark; `media`: print, or what it is."""
        self.devtools("Emulation.setEmulatedMedia", media=media,
                      features=[{"name": "prefers-color-scheme", "value": name}])

    def scripts(self, run):
        self.devtools("Emulation.setScriptExecutionDisabled", value=not run)

    def go(self, url):
        self.ask("POST", "/url", {"url": url})

    def where(self):
        return self.ask("GET", "/url")

    def run(self, script, *arguments):
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def text(self, selector="body"):
        return self.run("return document.querySelector(arguments[0])?.innerText", selector)

    def find(self, selector):
        return self.ask("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self.ask("POST", f"/element/{self.find(selector)}/click", {})

    def press(self, key):
        presses = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": presses}]})

    def has_dialog(self):
        try:
            self.ask("GET", "/alert/text")
            return True
        except RuntimeError:
            return False

    def complaints(self):
        """What stands in the console since the last time it was asked: errors, and what the page's policy forbade."""
        return [entry["message"] for entry in self.ask("POST", "/se/log", {"type": "browser"})]

    def screenshot(self, file):
        whole = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        Path(file).write_bytes(base64.b64decode(whole["data"]))

    def violations(self):
        """What axe-core finds wrong by WCAG 2.0 to 2.2, A and AA, and by its best practices: a line for each place."""
        self._axe = self._axe or axe()
        self.run(self._axe)
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        found = self.ask("POST", "/execute/async", {
            "script": "axe.run(document, {runOnly: arguments[0], resultTypes: ['violations']})"
                      ".then(found => arguments[1]({passes: found.passes.length, violations: found.violations}))",
            "args": [tags]})
        assert found["passes"] > 10, "axe-core looked at nothing"
        return [f"{one['id']} ({one['help']}): {node['html'][:200]} {node['failureSummary']}"
                for one in found["violations"] for node in one["nodes"]]

    def stop(self):
        try:
            self.ask("DELETE", "")
        except (OSError, RuntimeError):
            # It dies with the driver.
            pass
        self._driver.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
