# SPDX-License-Identifier: Apache-2.0
"""tools/install-packages, with programs in the place of Debian's that only note how they were called."""

import os
import subprocess

from test_systemd_unit import ROOT

# `tee` and `chmod` would keep servers from being started on this machine.
FAKES = {"apt-get": '[ -t 0 ] && on=terminal || on=nothing\necho "$on $*" >>"$NOTES"', "dpkg-query": "exit 1",
         "sudo": 'exec "$@"', "tee": "exec cat >/dev/null", "chmod": "true"}


def test_apt_is_not_given_the_terminal_of_whoever_calls(tmp_path):
    """In the background of a terminal, where `timeout` puts it, it would be stopped when it has installed all."""
    for name, text in FAKES.items():
        fake = tmp_path / name
        fake.write_text(f"#!/bin/sh\n{text}\n", encoding="ascii")
        fake.chmod(0o755)
    notes = tmp_path / "notes"
    terminal, ours = os.openpty()
    try:
        subprocess.run([ROOT / "tools/install-packages", "demo"], stdin=ours, check=True, timeout=60,
                       stdout=subprocess.DEVNULL,
                       env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "NOTES": str(notes)})
    finally:
        os.close(terminal)
        os.close(ours)
    calls = notes.read_text(encoding="ascii").splitlines()
    assert [call for call in calls if " install " in call]
    assert not [call for call in calls if not call.startswith("nothing ")]
