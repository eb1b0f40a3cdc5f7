# SPDX-License-Identifier: Apache-2.0
"""The built binary (RECOVERD_BUILD names the build folder) against real servers from Debian's packages.

Runs as root, then the servers run as user postgres, or as anybody else, then as that user. A server that cannot be
started is a failure.
"""

import os
from pathlib import Path

import pytest

from drill import Drills
from servers import debian_package
from watched import Site

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("RECOVERD_BUILD", REPOSITORY / "build/dev"))
_tables = []


def pytest_configure(config):
    config.addinivalue_line("markers", "ci: for ./test --ci and deeper only")
    config.addinivalue_line("markers", "all: for ./test --all only")


@pytest.fixture(scope="session")
def servers():
    """Started once, used by all; each test mends what it broke."""
    site = Site(BUILD)
    yield site
    site.stop()


@pytest.fixture(scope="session")
def drills(servers):
    drills = Drills(servers)
    _tables.append(drills)
    return drills


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    """The Debian package, of what was built."""
    return debian_package.build(tmp_path_factory.mktemp("deb"), "--from", BUILD)


@pytest.fixture
def site(servers):
    """The site, with an agent that each test starts as it needs it."""
    yield servers
    assert servers.agent.stop() in (0, None), "recoverd does not end well"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    site = item.funcargs.get("site")
    if report.failed and site:
        report.sections.append(("recoverd's log", site.agent.log()))


def pytest_terminal_summary(terminalreporter):
    for drills in _tables:
        terminalreporter.write_line(f"\n{'fault':<52} detected  {'alerts':<44} resolved")
        for line in drills.lines:
            terminalreporter.write_line(line)
