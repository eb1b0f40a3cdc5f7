# SPDX-License-Identifier: Apache-2.0
"""A cluster under watch through a kubeconfig: pods crash, a node is gone, a token is exchanged, a role is taken away,
a backup job, a restore of Velero and a chaos experiment fail."""

import base64
import json
import os

import pytest

from servers.alertmanager import Alert
from servers.certificates import Authority
from servers.kube_api import KubeApi
from servers.process import server_user, until

NAME = "kubernetes.default.svc"
WEB = "shop/deployment/web"

pytestmark = pytest.mark.ci


def write_secret(file, text):
    """Exchanged as the kubelet does it: at once."""
    fresh = file.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(fresh, server_user().pw_uid, server_user().pw_gid)
    fresh.rename(file)


@pytest.fixture(scope="module")
def api(servers):
    authority = Authority(servers.directory, "kube-ca")
    made = KubeApi(authority.issue(NAME, begun_days_ago=30, ends_in_days=60), "of-the-first-hour")
    for number, zone in (("1", "a"), ("2", "b"), ("3", "b")):
        made.node(f"node{number}", zone=zone)
    for name in ("web", "cart"):
        made.deployment(name)
    made.token_file = servers.directory / "kube-token"
    made.kubeconfig = servers.directory / "kubeconfig"
    write_secret(made.token_file, made.token + "\n")
    authorities = base64.b64encode(authority.certificate.read_bytes()).decode()
    # JSON is YAML.
    write_secret(made.kubeconfig, json.dumps({
        "current-context": "drill",
        "contexts": [{"name": "drill", "context": {"cluster": "drill", "user": "watcher"}}],
        "clusters": [{"name": "drill", "cluster": {"server": made.url, "tls-server-name": NAME,
                                                   "certificate-authority-data": authorities}}],
        "users": [{"name": "watcher", "user": {"tokenFile": "kube-token"}}]}))
    yield made
    made.stop()


@pytest.fixture
def watched(site, api):
    config = site.config_of("shop", cluster={"collector": "kubernetes", "every": "1s", "timeout": "900ms",
                                             "kubeconfig": api.kubeconfig, "max_restarts": 20})
    config["policy"] = {"evidence_missing": {"over": "6s"}}
    site.agent.begin(config)
    return site


def alert(name, priority, subject):
    return Alert(name, priority, "critical" if priority in ("P1", "P2") else "warning", "shop", "cluster", subject)


def test_healthy_stays_quiet_while_its_token_is_exchanged(watched, api, drills):
    drills.stays_quiet(looks=2)
    api.token = "of-the-second-hour"
    write_secret(api.token_file, api.token)
    drills.stays_quiet(looks=4)
    assert "of-the-second-hour" not in watched.agent.log()


def test_pods_crash(watched, api, drills):
    def crash():
        for number in (0, 1):
            api.crash("web", number)

    def mend():
        for number in (0, 1):
            api.pod("web", number, restarts=4)

    drills.run("all pods of a deployment crash", [alert("EndpointDown", "P2", WEB)], crash, mend)


def test_node_is_gone(watched, api, drills):
    drills.run("node is NotReady", [alert("EndpointDown", "P2", "node/node2")],
               lambda: api.node("node2", "Unknown", "b"), lambda: api.node("node2", zone="b"))


@pytest.fixture
def drilled(site, api):
    """Backups that are jobs, restores and chaos experiments."""
    api.job("nightly", 1, "Complete", ago=60)
    api.restore("test-1", "Completed", ago=60)
    api.chaos_result("pod-delete", "Pass", passed=1, failed=0)
    common = {"collector": "kubernetes", "every": "1s", "timeout": "900ms", "kubeconfig": api.kubeconfig}
    config = site.config_of("shop", dumps={**common, "watch": ["jobs", "cronjobs"], "backup": "pg_dump"},
                            chaos={**common, "watch": ["litmus"]}, velero={**common, "watch": ["velero"]})
    site.agent.begin(config)
    return site


def test_backup_job_fails(drilled, api, drills):
    drills.run("a backup job fails",
               [Alert("BackupFailed", "P2", "critical", "shop", "dumps", "shop/cronjob/nightly")],
               lambda: api.job("nightly", 2, "Failed"), lambda: api.job("nightly", 3, "Complete"))


def test_restore_fails(drilled, api, drills):
    drills.run("a restore of Velero fails",
               [Alert("RestoreTestFailed", "P2", "critical", "shop", "velero", "velero/schedule/nightly")],
               lambda: api.restore("test-2", "PartiallyFailed", errors=1), lambda: api.restore("test-3", "Completed"))


def test_chaos_experiment_fails(drilled, api, drills):
    drills.run("a chaos experiment fails",
               [Alert("ExerciseFailed", "P3", "warning", "shop", "chaos", "shop/chaosresult/shop-pod-delete")],
               lambda: api.chaos_result("pod-delete", "Fail", passed=1, failed=1),
               lambda: api.chaos_result("pod-delete", "Pass", passed=2, failed=1))


def test_role_is_taken_away(watched, api, drills):
    """The pods are told all the same; of the nodes nobody knows, which is said of each and of the API server."""
    unknown = [alert("EvidenceMissing", "P3", subject)
               for subject in ("apiserver", "node/node1", "node/node2", "node/node3")]
    drills.run("RBAC: nodes may not be listed", unknown, lambda: api.refused.add("nodes"), api.refused.clear)
    assert "verbs" in watched.agent.log()
