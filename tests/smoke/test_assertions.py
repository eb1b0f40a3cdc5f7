# SPDX-License-Identifier: Apache-2.0
"""Several expectations of one thing fail together: each is somebody else's to mend."""

import json

import pytest

from servers.alertmanager import Alert
from servers.scripts import Script

BUCKET = "backups/main"


def lines(**found):
    """What a program prints that has looked at a bucket: a rule of its own for each, all expected to be on."""
    assertions = [{"name": name, "expected": "on", "actual": actual} for name, actual in found.items()]
    evidence = {"subject": BUCKET, "kind": "assertions", "assertions": assertions}
    return f"cat <<'END'\n{json.dumps(evidence)}\n{json.dumps({'complete': True})}\nEND"


def failed(assertion):
    return Alert("AssertionFailed", "P2", "critical", "bucket", "settings", BUCKET, assertion)


@pytest.fixture
def program(servers):
    return Script(servers.directory, "look-at-bucket", lines(versioning="on", encryption="on", lock="on"))


def test_two_expectations_of_one_bucket_fail_together(site, drills, program):
    site.agent.begin(site.config_of("bucket", settings={
        "collector": "exec", "command": [str(program.path)], "format": "json"}))
    drills.run("versioning and encryption of a bucket off", [failed("versioning"), failed("encryption")],
               lambda: program.write(lines(versioning="off", encryption="off", lock="on")),
               lambda: program.write(lines(versioning="on", encryption="on", lock="on")))
