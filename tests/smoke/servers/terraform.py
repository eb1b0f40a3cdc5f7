# SPDX-License-Identifier: Apache-2.0
"""A Terraform state as its `local` backend leaves it, written by hand: Terraform is in no distribution. Its form is that
of tests/data/terraform, which a real one wrote."""

import json
import os
import time

from .process import server_user
from .web_server import Handler, WebServer

# Stands in every state, and must be found nowhere else.
SECRET = "hunter2-in-state"


def document(serial, resources, lineage="66c56ea7-0889-db1d-bab8-2bc34601b953", note=""):
    instances = [{"index_key": n, "schema_version": 0,
                  "attributes": {"id": f"i-{n}", "password": SECRET, "note": note}} for n in range(resources)]
    box = {"mode": "managed", "type": "aws_instance", "name": "box",
           "provider": 'provider["registry.terraform.io/hashicorp/aws"]', "instances": instances}
    return json.dumps({"version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": lineage,
                       "outputs": {"password": {"value": SECRET, "type": "string", "sensitive": True}},
                       "resources": [box] if resources else [], "check_results": None}, indent=2)


class State:
    def __init__(self, directory, name):
        self.directory = directory / f"terraform-{name}"
        self.directory.mkdir()
        self.path = self.directory / "terraform.tfstate"
        self._lock = self.directory / ".terraform.tfstate.lock.info"
        self.serial = 0
        self.apply(10)

    def write(self, text):
        """As a rename, so that nobody sees half of it; what is written in place is for tests of their own."""
        made = self.directory / "made"
        made.write_text(text, encoding="utf-8")
        made.chmod(0o640)
        if os.geteuid() == 0:
            os.chown(made, server_user().pw_uid, server_user().pw_gid)
        made.rename(self.path)

    def apply(self, resources):
        """Terraform counts up by more than one: each step of an apply is written."""
        self.serial += 3
        self.write(document(self.serial, resources))

    def lock(self, held):
        """As somebody who took it so many seconds ago left it."""
        created = time.strftime("%Y-%m-%dT%H:%M:%S.123456789Z", time.gmtime(time.time() - held))
        self._lock.write_text(json.dumps({"ID": "42a155af", "Operation": "OperationTypeApply", "Who": "ci@runner",
                                          "Created": created, "Path": self.path.name}), encoding="utf-8")
        self._lock.chmod(0o644)

    def unlock(self):
        self._lock.unlink()

    def remove(self):
        self.path.unlink()

    def check(self, **options):
        """As a collector's options."""
        return {"collector": "terraform_state", "every": "2s", "timeout": "1900ms", "path": self.path, **options}


class Backend(WebServer):
    """The `http` backend's server, which only ever is to be asked with GET."""

    def __init__(self, state):
        asked = self.asked = []

        class States(Handler):
            protocol_version = "HTTP/1.0"

            def do_GET(self):
                asked.append(self.command)
                body = state.path.read_bytes() if state.path.exists() else b""
                self.answer(200 if body else 404, body)

            def __getattr__(self, name):
                if name.startswith("do_"):
                    asked.append(name)
                raise AttributeError(name)

        self.url = self.serve(States) + "/infra"
