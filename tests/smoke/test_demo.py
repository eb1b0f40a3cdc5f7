# SPDX-License-Identifier: Apache-2.0
"""./demo, as somebody who has just cloned the repository runs it, with a build that is there already."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = os.environ.get("RECOVERD_BUILD", str(ROOT / "build" / "dev"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def temporary():
    """Not pytest's own, which user postgres may not enter."""
    with tempfile.TemporaryDirectory(prefix="demo-test-") as folder:
        os.chmod(folder, 0o755)
        yield pathlib.Path(folder)


@pytest.fixture
def demo(temporary):
    """Starts ./demo with its scratch folder below `temporary`; whatever is left of it at the end is ended."""
    started = []

    def start(*arguments):
        port = free_port()
        process = subprocess.Popen(
            [str(ROOT / "demo"), "--port", str(port), *arguments],
            env={**os.environ, "RECOVERD_BUILD": BUILD, "TMPDIR": str(temporary)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        process.url = f"http://127.0.0.1:{port}"
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=30)


def told(process, timeout):
    output, _ = process.communicate(timeout=timeout)
    return output


def alerts(url):
    with urllib.request.urlopen(url + "/api/v1/alerts", timeout=5) as answer:
        return [one for one in json.load(answer)["alerts"] if one["alertname"] != "RecoverdWatchdog"]


def left_of(process, temporary):
    """What a demo that has ended left behind: folders, and processes of its session."""
    left = [str(path) for path in temporary.iterdir()]
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == process.pid and fields[0] != "Z":
            left.append(stat.parent.name)
    return left


def tell(process):
    """What is told until the story has come to its end."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "The story is told" in line:
            return "".join(lines)
    pytest.fail("the story came to no end:\n" + "".join(lines))


@pytest.mark.parametrize("options, asset, expected, worst", [
    ([], "orders", ["BackupCorrupt", "RestoreTestFailed"], "unrecoverable"),
    (["--postgres"], "orders-db", ["WalArchivingFailing"], "at_risk"),
])
def test_exactly_the_expected_alerts_come_and_go(demo, temporary, options, asset, expected, worst):
    process = demo(*options, "--for", "300s")
    story = tell(process)
    # What the demo tells is what the agent says: asked here once more.
    assert sorted(one["alertname"] for one in alerts(process.url)) == expected
    assert {one["state"] for one in alerts(process.url)} == {"resolved"}
    assert sorted(re.findall(rf"ALERT (\w+) P\d {asset}:", story)) == expected
    assert sorted(re.findall(rf"resolved: (\w+) {asset}\n", story)) == expected
    verdicts = re.findall(rf"{asset} is (\w+)", story)
    assert verdicts[0] == "unknown" and verdicts[-1] == "recoverable", story
    assert worst in verdicts[verdicts.index("recoverable"):], story
    # Never proven by a restore: good backups alone are not enough.
    assert "customers is recoverable" not in story
    process.send_signal(signal.SIGTERM)
    rest = told(process, 30)
    assert process.returncode == 0, rest
    assert left_of(process, temporary) == []


def test_a_story_that_had_no_time_to_end_is_a_failure(demo, temporary):
    process = demo("--for", "4s")
    output = told(process, 60)
    assert process.returncode == 1, output
    assert "4 s were over before the story was" in output
    assert left_of(process, temporary) == []


def test_an_interrupted_demo_leaves_nothing_behind(demo, temporary):
    process = demo()
    while "Ctrl-C ends it all" not in process.stdout.readline():
        assert process.poll() is None
    time.sleep(1)
    # As a terminal does: to everybody in the foreground.
    os.killpg(process.pid, signal.SIGINT)
    output = told(process, 30)
    assert process.returncode == 130, output
    assert left_of(process, temporary) == []


@pytest.mark.parametrize("arguments, says", [
    (["--for", "soon"], "expected a duration such as 90s or 3m, found 'soon'"),
    (["--verbose"], "unknown option '--verbose'"),
    (["--port"], "--port: expected a value after it"),
    (["--build", "/nonexistent"], "/nonexistent: no recoverd here"),
])
def test_a_mistake_is_told(demo, temporary, arguments, says):
    process = demo(*arguments)
    output = told(process, 30)
    assert process.returncode == 2, output
    assert says in output and "hint: " in output
    assert left_of(process, temporary) == []
