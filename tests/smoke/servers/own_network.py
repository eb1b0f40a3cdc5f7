# SPDX-License-Identifier: Apache-2.0
"""What the agent sees in a network of its own, where nobody else is."""

import json
import os
import subprocess


def look(agent, prepared, by="", *, namespaces=()):
    """What `recoverd check` says of the only check of the agent's configuration: good, a priority or unknown, and its
    words. `prepared`: commands of the shell that make that network; `by`: what the program is started by."""
    own = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    done = subprocess.run(["unshare", *own, "--net", *namespaces, "sh", "-ec",
                           f"{prepared}; exec {by} {agent.binary} check --config.file {agent.config_file} --output json"],
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout, done.stderr
    (check,) = json.loads(done.stdout)["checks"]
    return check["state"], json.dumps(check)
