# SPDX-License-Identifier: Apache-2.0
"""What the collector `kubernetes` needs in a pod: the files that it looks for, and what it must be allowed, both as the
program says it; and what a rendered pod and its role give it."""

import re

import yaml

from .manifests import agent_in, pod_of
from .process import complete, run

# By default, and what restore tests and backups are.
WATCHED = ("pods", "nodes", "deployments", "statefulsets", "daemonsets", "jobs", "cronjobs")


def looked_for(agent):
    """The folder and the names of the files, in the words of a program that does not find them."""
    agent.write({"check.cluster": {"collector": "kubernetes"}})
    done = complete(["env", "KUBERNETES_SERVICE_HOST=127.0.0.1", "KUBERNETES_SERVICE_PORT=443", agent.binary, "check",
                     "--output=json", f"--config.file={agent.config_file}"])
    said = done.stdout + done.stderr
    missing = re.search(r"cannot read secret file '(/[^' ]+)/([^'/ ]+)'", said)
    assert missing, said
    named = re.search(r"a projected volume has to bring (\S+) and (\S+) there", said)
    assert named and named[1] == missing[2], said
    return missing[1], {named[1], named[2]}


def brought(workload):
    """The same of what a pod mounts of its token."""
    (token,) = [volume for volume in pod_of(workload)["volumes"]
                if any("serviceAccountToken" in source for source in volume.get("projected", {}).get("sources", []))]
    (mount,) = [mount for mount in agent_in(workload)["volumeMounts"] if mount["name"] == token["name"]]
    assert mount["readOnly"] is True
    files = set()
    for source in token["projected"]["sources"]:
        if "serviceAccountToken" in source:
            files.add(source["serviceAccountToken"]["path"])
        else:
            assert source["configMap"]["name"] == "kube-root-ca.crt"
            files |= {item["path"] for item in source["configMap"]["items"]}
    return mount["mountPath"], files


def rights(role):
    """Group, resource and verb of everything that a role allows."""
    return {(group, resource, verb) for rule in role["rules"] for group in rule["apiGroups"]
            for resource in rule["resources"] for verb in rule["verbs"]}


def printed_roles(binary, *words):
    """The roles that `collectors kubernetes --rbac` prints."""
    documents = yaml.safe_load_all(run([binary, "collectors", "kubernetes", "--rbac", *words]))
    return [each for each in documents if each["kind"] in ("Role", "ClusterRole")]


def needed(binary, watched=WATCHED):
    (role,) = printed_roles(binary, *(f"--watch={word}" for word in watched))
    return rights(role)
