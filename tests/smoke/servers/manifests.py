# SPDX-License-Identifier: Apache-2.0
"""Kubernetes manifests: rendered by the programs their users have, and read as an API server would read them."""

import fcntl
import json
import os
import subprocess
from pathlib import Path

from .process import program

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "tests/kubernetes"
# Compiled anew only where something changed; on a machine that never did it takes three minutes.
COMPILE_PATIENCE = 900
RENDER_PATIENCE = 120
DEBIANS_GO = Path("/usr/lib/go-1.23/bin/go")


def _complete(argv, text_in="", patience=RENDER_PATIENCE, **options):
    done = subprocess.run([str(word) for word in argv], input=text_in, capture_output=True, text=True, timeout=patience,
                          check=False, **options)
    return done.returncode, done.stdout, done.stderr


class Tools:
    """kustomize, helm and our own `check`, in the versions of tests/kubernetes/go.mod."""

    def __init__(self, build):
        self._folder = build / "kubernetes"
        self._made = set()
        self._go = DEBIANS_GO if DEBIANS_GO.exists() else program("go")

    def _compiled(self, name, package):
        if name in self._made:
            return self._folder / name
        # Its own toolchain and nobody else's flags: what is tested shall not depend on the machine.
        environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false"}
        self._folder.mkdir(exist_ok=True)
        # Other test programs may want the same at the same time, and one cannot write what another executes.
        with open(self._folder / "lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            status, _, err = _complete([self._go, "build", "-ldflags=-s -w", "-o", self._folder / name, package],
                                       patience=COMPILE_PATIENCE, cwd=SOURCE, env=environment)
        assert status == 0, err
        self._made.add(name)
        return self._folder / name

    def kustomize(self, folder):
        """What `kubectl kustomize` prints: it is the same program."""
        status, out, err = _complete([self._compiled("kustomize", "sigs.k8s.io/kustomize/kustomize/v5"), "build", folder])
        # A warning is about something that a later version will not take.
        assert (status, err) == (0, ""), err
        return out

    def helm(self, *words):
        """Status, stdout and stderr."""
        return _complete([self._compiled("helm", "helm.sh/helm/v3/cmd/helm"), *words])

    def check(self, manifests, pod_security="privileged"):
        """Status, the objects, and what is wrong with them: as an API server says it, and an admission by this Pod
        Security Standard."""
        status, out, err = _complete([self._compiled("check", "."), f"--pod-security={pod_security}"], manifests)
        return status, [json.loads(line) for line in out.splitlines()], err

    def read(self, manifests):
        """The objects, of which an API server would take each."""
        status, objects, err = self.check(manifests)
        assert status == 0, err
        return objects


def of_kind(objects, kind):
    return [each for each in objects if each["kind"] == kind]


def the(objects, kind):
    (found,) = of_kind(objects, kind)
    return found


def workloads(objects):
    return [each for each in objects if each["kind"] in ("DaemonSet", "Deployment", "StatefulSet")]


def pod_of(workload):
    return workload["spec"]["template"]["spec"]


def agent_in(workload):
    """Our container of a workload."""
    (found,) = [each for each in pod_of(workload)["containers"] if each["name"] == "recoverd"]
    return found
