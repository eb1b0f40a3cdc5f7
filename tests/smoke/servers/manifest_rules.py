# SPDX-License-Identifier: Apache-2.0
"""What must hold of every manifest of ours, however it was rendered."""

from .manifests import agent_in, of_kind, pod_of, workloads

# Nobody but the DaemonSet, which reads what root owns on its host.
MAY_BE_ROOT = {"DaemonSet"}


def selectors_select(objects):
    """Each workload its own pods, each Service, NetworkPolicy and PodDisruptionBudget those of some workload."""
    labels = [each["spec"]["template"]["metadata"]["labels"] for each in workloads(objects)]
    for workload, have in zip(workloads(objects), labels):
        assert workload["spec"]["selector"]["matchLabels"].items() <= have.items(), workload["metadata"]["name"]
    wanted = [(each, each["spec"]["selector"]) for each in of_kind(objects, "Service")]
    wanted += [(each, each["spec"]["podSelector"]["matchLabels"]) for each in of_kind(objects, "NetworkPolicy")]
    wanted += [(each, each["spec"]["selector"]["matchLabels"]) for each in of_kind(objects, "PodDisruptionBudget")]
    for each, selector in wanted:
        assert selector and any(selector.items() <= have.items() for have in labels), each["metadata"]["name"]


def ports_are_there(objects):
    """What a Service or a probe calls by name, some container has."""
    for workload in workloads(objects):
        names = {port["name"] for container in pod_of(workload)["containers"] for port in container["ports"]}
        for service in of_kind(objects, "Service"):
            if service["spec"]["selector"].items() <= workload["spec"]["template"]["metadata"]["labels"].items():
                assert {port["targetPort"] for port in service["spec"]["ports"]} <= names
        agent = agent_in(workload)
        assert {probe["httpGet"]["port"] for probe in probes_of(agent).values()} <= {p["name"] for p in agent["ports"]}


def has_others(workload):
    return len(pod_of(workload)["containers"]) > 1


def others_are_reached_without_us(objects):
    """A pod is ready while all of its containers are: one of ours that crashes would take the others out of their Service,
    unless that leads to them all the same. With several replicas it would then also lead to those that are down."""
    for workload in filter(has_others, workloads(objects)):
        have = workload["spec"]["template"]["metadata"]["labels"]
        services = [each["spec"] for each in of_kind(objects, "Service") if each["spec"]["selector"].items() <= have.items()]
        assert services and all(service.get("publishNotReadyAddresses") is True for service in services)
        assert workload["spec"]["replicas"] == 1


def probes_of(container):
    kinds = ("startupProbe", "livenessProbe", "readinessProbe")
    return {kind: container[kind] for kind in kinds if kind in container}


def volumes_are_used(objects):
    """Each mount has its volume, each volume somebody who mounts it; no mount is of a single file."""
    for workload in workloads(objects):
        pod = pod_of(workload)
        mounts = [mount for container in pod["containers"] for mount in container["volumeMounts"]]
        claims = [claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])]
        volumes = [volume["name"] for volume in pod["volumes"]] + claims
        assert sorted(volumes) == sorted(set(volumes))
        assert {mount["name"] for mount in mounts} == set(volumes)
        # One that is would never see a changed ConfigMap.
        assert not [mount for mount in agent_in(workload)["volumeMounts"] if "subPath" in mount]


def agent_is_confined(workload):
    pod, agent = pod_of(workload), agent_in(workload)
    context = {**pod.get("securityContext", {}), **agent["securityContext"]}
    assert context["readOnlyRootFilesystem"] is True
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not context.get("privileged")
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    if workload["kind"] not in MAY_BE_ROOT:
        assert context["runAsNonRoot"] is True and context["runAsUser"] > 0
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False


def only_the_state_is_writable(workload):
    """Of what outlives the pod; a scratch folder in memory or on the node goes with it."""
    volumes = {volume["name"]: volume for volume in pod_of(workload)["volumes"]}
    writable = [mount for mount in agent_in(workload)["volumeMounts"] if not mount.get("readOnly")]
    lasting = [mount["mountPath"] for mount in writable if "emptyDir" not in volumes.get(mount["name"], {})]
    assert lasting == ["/var/lib/recoverd"]
    for name, volume in volumes.items():
        if "secret" in volume:
            assert volume["secret"]["defaultMode"] & 0o007 == 0, f"secret {name} is readable by others"


def checks_have_where_to_write(workload):
    """By default in /var/tmp; on a read-only root there is no such place but a volume, and no memory is as large."""
    volumes = {volume["name"]: volume for volume in pod_of(workload)["volumes"]}
    mounted = {mount["mountPath"]: volumes.get(mount["name"], {}) for mount in agent_in(workload)["volumeMounts"]
               if not mount.get("readOnly")}
    for folder in ("/tmp", "/var/tmp"):
        assert mounted[folder]["emptyDir"].keys() == {"sizeLimit"}


def agent_is_probed_and_sized(workload):
    agent = agent_in(workload)
    paths = {kind: probe["httpGet"]["path"] for kind, probe in probes_of(agent).items()}
    assert paths.pop("livenessProbe") == "/-/healthy"
    # Of others in its pod it does not say when they are ready.
    assert paths == ({} if has_others(workload) else {"startupProbe": "/-/ready", "readinessProbe": "/-/ready"})
    assert agent["resources"]["requests"].keys() == {"cpu", "memory"}
    # One that is throttled is late.
    assert agent["resources"]["limits"].keys() == {"memory"}


def agent_is_where_its_image_runs(workload):
    """One that has others beside it is where those are."""
    if not has_others(workload):
        assert pod_of(workload)["nodeSelector"]["kubernetes.io/os"] == "linux"


def unwatched(objects, config):
    """Checks of the configuration, a document, that none of these agents runs."""
    scopes = {"node", "cluster"}
    told = [{word.partition("=")[2] for word in agent_in(each)["args"] if word.startswith("--scope=")} or scopes
            for each in workloads(objects)]
    return [name for name, check in config["check"].items() if check.get("scope", "cluster") not in set().union(*told)]


def all_hold(objects):
    selectors_select(objects)
    ports_are_there(objects)
    others_are_reached_without_us(objects)
    volumes_are_used(objects)
    for workload in workloads(objects):
        agent_is_confined(workload)
        only_the_state_is_writable(workload)
        checks_have_where_to_write(workload)
        agent_is_probed_and_sized(workload)
        agent_is_where_its_image_runs(workload)
