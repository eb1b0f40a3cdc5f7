# SPDX-License-Identifier: Apache-2.0
"""The commands of a README, as somebody would run them who stands in its folder."""

import os
import re
import shutil
import subprocess

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(readme):
    """Every line of every block of shell, in their order; one that goes on over several is one."""
    text = readme.read_text(encoding="utf-8")
    return [line for block in BLOCK.findall(text) for line in block.replace("\\\n", " ").splitlines() if line]


def run_all(folder, scratch, binary, replacing=None):
    """Runs them in a copy of `folder`, where `recoverd` is `binary`, with other paths in place of the keys of
    `replacing`. Each must end with 0; returns where, and what they print."""
    here = scratch / folder.name
    shutil.copytree(folder, here)
    lines = commands(folder / "README.md")
    assert lines, f"expected commands in {folder / 'README.md'}, found none"
    path = f"{binary.parent}:{os.environ['PATH']}"
    printed = {}
    for line in lines:
        for shown, meant in (replacing or {}).items():
            line = line.replace(shown, str(meant))
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", line], cwd=here, capture_output=True, text=True,
                              timeout=60, check=False, env={**os.environ, "PATH": path})
        assert done.returncode == 0, f"{line}\nended with {done.returncode}:\n{done.stdout}{done.stderr}"
        printed[line] = done.stdout
    return here, printed
