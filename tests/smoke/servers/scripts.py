# SPDX-License-Identifier: Apache-2.0
"""A small program that tests change while others run it."""


class Script:
    def __init__(self, directory, name, body):
        self.path = directory / name
        self.write(body)

    def write(self, body):
        """Replaced whole: who starts it meanwhile gets the old one or the new one."""
        new = self.path.with_suffix(".new")
        new.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        new.chmod(0o755)
        new.replace(self.path)
