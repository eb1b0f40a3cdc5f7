# SPDX-License-Identifier: Apache-2.0
"""What an agent is given in a cluster and what it takes: manifests, chart and pages agree with each other, and with what
docs/benchmarks.md says was measured."""

import re

import pytest
import yaml

from conftest import REPOSITORY
from servers.manifests import agent_in

KUBERNETES = REPOSITORY / "packaging/kubernetes"
VALUES = REPOSITORY / "packaging/helm/recoverd/values.yaml"
# Rounded for people, and another day measures a little differently.
NEAR = 0.25
CHECKS_A_SECOND = 200
RESIDENT = "1,000 HTTP checks every 5 s: resident"
CPU = "1,000 HTTP checks every 5 s: CPU per check"
RESIDENT_OF_10_000 = "10,000 HTTP checks every 15 s: resident"
AT_REST = "at rest: resident"


def measured(row, unit):
    """What a row of the benchmarks says of recoverd."""
    text = (REPOSITORY / "docs/benchmarks.md").read_text(encoding="utf-8")
    (value,) = re.findall(rf"^\| {re.escape(row)} \| ([0-9.]+) {unit} \|", text, flags=re.MULTILINE)
    return float(value)


def resources_of(manifest):
    workload = yaml.safe_load((KUBERNETES / manifest).read_text(encoding="utf-8"))
    return agent_in(workload)["resources"]


def values_of(component):
    return yaml.safe_load(VALUES.read_text(encoding="utf-8"))[component]["resources"]


def mebibytes(quantity):
    (number,) = re.fullmatch(r"(\d+)Mi", quantity).groups()
    return int(number)


def millicores(quantity):
    (number,) = re.fullmatch(r"(\d+)m", quantity).groups()
    return int(number)


def test_the_chart_gives_what_the_manifests_give():
    assert values_of("node") == resources_of("components/node/daemonset.yaml")
    assert values_of("cluster") == resources_of("components/cluster/deployment.yaml")
    sidecar, alone = resources_of("overlays/sidecar/sidecar.yaml"), values_of("node")
    # Beside a database stand a few checks; what a dump takes that is read is the same.
    assert millicores(sidecar["requests"].pop("cpu")) < millicores(alone["requests"].pop("cpu"))
    assert sidecar == alone


def test_what_is_requested_covers_what_was_measured():
    given = values_of("node")
    micros_a_check = measured(CPU, "µs")
    assert millicores(given["requests"]["cpu"]) >= micros_a_check * CHECKS_A_SECOND / 1000
    assert mebibytes(given["requests"]["memory"]) >= 1.5 * measured(RESIDENT, "MiB")
    # Nobody is killed for having ten times the checks.
    assert mebibytes(given["limits"]["memory"]) >= 1.5 * measured(RESIDENT_OF_10_000, "MiB")


def words_of(file):
    """Without line ends, nor what begins a comment."""
    return re.sub(r"\s+(# )?", " ", file.read_text(encoding="utf-8"))


MEMORY = (r"(\d+) MiB with 1,000 HTTP checks", RESIDENT, "MiB", 1)
MILLICORES = (rf"(\d+)m of a CPU at {CHECKS_A_SECOND} of them a second", CPU, "µs", CHECKS_A_SECOND / 1000)


PODS = ("packaging/helm/recoverd/values.yaml", "packaging/kubernetes/components/node/daemonset.yaml",
        "packaging/kubernetes/components/cluster/deployment.yaml", "packaging/kubernetes/README.md")


@pytest.mark.parametrize("pages, pattern, row, unit, factor", [
    ((*PODS, "packaging/kubernetes/overlays/sidecar/sidecar.yaml", "docs/guide.md"), *MEMORY),
    (PODS, *MILLICORES),
    (("docs/guide.md",), r"(\d+) MiB with 10,000", RESIDENT_OF_10_000, "MiB", 1),
    (("docs/guide.md",), r"(\d+) MiB and less than a thousandth of a core at rest", AT_REST, "MiB", 1),
    (("docs/guide.md",), r"(\d+) µs of CPU per HTTP check", CPU, "µs", 1),
])
def test_pages_name_what_was_measured_and_all_the_same(pages, pattern, row, unit, factor):
    named = {page: re.findall(pattern, words_of(REPOSITORY / page)) for page in pages}
    assert all(len(figures) == 1 for figures in named.values()), named
    (figure,) = {figures[0] for figures in named.values()}
    assert int(figure) == pytest.approx(measured(row, unit) * factor, rel=NEAR)
