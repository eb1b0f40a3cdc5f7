# SPDX-License-Identifier: Apache-2.0
"""./demo, as somebody who has just cloned the repository runs it, with a build that is there already."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = os.environ.get("RECOVERD_BUILD", str(ROOT / "build" / "dev"))
EXPECTED = ["BackupCorrupt", "RestoreTestFailed"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def demo(tmp_path):
    """Starts ./demo with its scratch folder below tmp_path; whatever is left of it at the end is ended."""
    started = []

    def start(*arguments):
        port = free_port()
        process = subprocess.Popen(
            [str(ROOT / "demo"), "--port", str(port), *arguments],
            env={**os.environ, "RECOVERD_BUILD": BUILD, "TMPDIR": str(tmp_path)},
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


def left_of(process, tmp_path):
    """What a demo that has ended left behind: folders, and processes of its session."""
    left = [str(path) for path in tmp_path.iterdir()]
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == process.pid and fields[0] != "Z":
            left.append(stat.parent.name)
    return left


def test_exactly_the_expected_alerts_come_and_go(demo, tmp_path):
    process = demo("--for", "150s")
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "The story is told" in line:
            break
    story = "".join(lines)
    assert "The story is told" in story, story
    # What the demo tells is what the agent says: asked here once more.
    assert sorted(one["alertname"] for one in alerts(process.url)) == EXPECTED
    assert {one["state"] for one in alerts(process.url)} == {"resolved"}
    assert sorted(re.findall(r"ALERT (\w+) P\d orders", story)) == EXPECTED
    assert sorted(re.findall(r"resolved: (\w+) orders", story)) == EXPECTED
    verdicts = re.findall(r"orders is (\w+)", story)
    assert verdicts[0] == "unknown" and verdicts[-1] == "recoverable" and "unrecoverable" in verdicts
    assert "customers is recoverable" not in story
    process.send_signal(signal.SIGTERM)
    rest = told(process, 30)
    assert process.returncode == 0, rest
    assert left_of(process, tmp_path) == []


def test_a_story_that_had_no_time_to_end_is_a_failure(demo, tmp_path):
    process = demo("--for", "4s")
    output = told(process, 60)
    assert process.returncode == 1, output
    assert "4 s were over before the story was" in output
    assert left_of(process, tmp_path) == []


def test_an_interrupted_demo_leaves_nothing_behind(demo, tmp_path):
    process = demo()
    while "Ctrl-C ends it all" not in process.stdout.readline():
        assert process.poll() is None
    time.sleep(1)
    # As a terminal does: to everybody in the foreground.
    os.killpg(process.pid, signal.SIGINT)
    output = told(process, 30)
    assert process.returncode == 130, output
    assert left_of(process, tmp_path) == []


@pytest.mark.parametrize("arguments, says", [
    (["--for", "soon"], "expected a duration such as 90s or 3m, found 'soon'"),
    (["--verbose"], "unknown option '--verbose'"),
    (["--port"], "--port: expected a value after it"),
    (["--build", "/nonexistent"], "/nonexistent: no recoverd here"),
])
def test_a_mistake_is_told(demo, tmp_path, arguments, says):
    process = demo(*arguments)
    output = told(process, 30)
    assert process.returncode == 2, output
    assert says in output and "hint: " in output
    assert left_of(process, tmp_path) == []
