# SPDX-License-Identifier: Apache-2.0
"""packaging/kubernetes: what is rendered would be taken by an API server, and does what it says on a real agent."""

import re
import tomllib
from datetime import date

import pytest

from servers.in_cluster import brought, looked_for, needed, printed_roles, rights
from servers.manifest_rules import all_hold, unwatched
from servers.manifests import ROOT, Tools, agent_in, of_kind, pod_of, the, workloads
from servers.postgres import PROGRAMS, Postgres
from servers.process import complete, run, until
from test_systemd_unit import BUILD

pytestmark = pytest.mark.ci

KUBERNETES = ROOT / "packaging/kubernetes"
OVERLAYS = {
    "daemonset": {"Namespace": 1, "ServiceAccount": 1, "ConfigMap": 1, "Service": 1, "DaemonSet": 1},
    "deployment": {"Namespace": 1, "ServiceAccount": 1, "ConfigMap": 1, "Service": 1, "PersistentVolumeClaim": 1,
                   "Deployment": 1},
    "sidecar": {"ConfigMap": 2, "Service": 1, "StatefulSet": 1},
}


@pytest.fixture(scope="module")
def tools():
    return Tools(BUILD)


@pytest.fixture(scope="module")
def rendered(tools):
    """The objects of each overlay."""
    return {name: tools.read(tools.kustomize(KUBERNETES / "overlays" / name)) for name in OVERLAYS}


@pytest.fixture(scope="module")
def everything(tools, tmp_path_factory):
    """Both ways to run it, and the API server's token, in one kustomization: the example of the README."""
    folder = tmp_path_factory.mktemp("everything")
    (example,) = re.findall(r"```yaml\n(.*?)```", (KUBERNETES / "README.md").read_text(), flags=re.S)
    # kustomize takes no absolute paths.
    ours = "../" * len(folder.resolve().parts[1:]) + str(KUBERNETES).lstrip("/")
    (folder / "kustomization.yaml").write_text(example.replace("recoverd/packaging/kubernetes", ours))
    (folder / "recoverd.toml").write_text((KUBERNETES / "base/recoverd.toml").read_text())
    return tools.read(tools.kustomize(folder))


def config_of(objects):
    """What stands in the ConfigMap that holds recoverd.toml."""
    (found,) = [each["data"] for each in of_kind(objects, "ConfigMap") if "recoverd.toml" in each["data"]]
    return found["recoverd.toml"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_overlay_has_what_it_should(rendered, overlay):
    kinds = [each["kind"] for each in rendered[overlay]]
    assert {kind: kinds.count(kind) for kind in kinds} == OVERLAYS[overlay]
    all_hold(rendered[overlay])


def as_prose(comments):
    return re.sub(r"\s*\n#?\s*", " ", comments)


def test_whoever_installs_one_overlay_reads_that_nobody_runs_the_checks_of_the_other(rendered, everything):
    left = {overlay: unwatched(objects, tomllib.loads(config_of(objects))) for overlay, objects in rendered.items()}
    assert left == {"daemonset": ["kubernetes-api"], "deployment": ["recoverd"], "sidecar": []}
    assert not unwatched(everything, tomllib.loads(config_of(everything)))
    for overlay in ("daemonset", "deployment"):
        assert "Where one of the two is not installed, its checks are run by nobody" in as_prose(config_of(rendered[overlay]))
    assert "with one of the overlays alone nobody runs those" in as_prose((KUBERNETES / "README.md").read_text())


@pytest.mark.parametrize("good, bad, complaint", [
    ("readOnlyRootFilesystem: true", "readOnlyRootFileSystem: true", 'unknown field "spec.template.spec.containers[0].'),
    ("periodSeconds: 15", "periodSeconds: often", "cannot unmarshal string"),
    ("maxUnavailable: 10%", "maxUnavailable: 10%\n      maxUnavailable: 10%", "already set"),
    ("mountPath: /tmp", "mountPath: /etc/recoverd", "must be unique"),
    ("- mountPath: /tmp\n          name: tmp", "- mountPath: /tmp\n          name: temp", 'Not found: "temp"'),
    ("type: RuntimeDefault", "type: Default", 'Unsupported value: "Default"'),
    ("port: web", "port: the-web-port-of-it", "must be no more than 15 characters"),
    ("apiVersion: apps/v1", "apiVersion: apps/v1beta7", "no kind"),
])
def test_a_mistake_in_a_manifest_would_be_noticed(tools, good, bad, complaint):
    manifests = tools.kustomize(KUBERNETES / "overlays/daemonset")
    assert good in manifests
    status, _, err = tools.check(manifests.replace(good, bad, 1))
    assert status != 0
    assert complaint in err


def test_only_the_daemonset_needs_more_than_a_restricted_namespace_allows(tools):
    status, _, err = tools.check(tools.kustomize(KUBERNETES / "overlays/deployment"), "restricted")
    assert (status, err) == (0, "")
    status, _, err = tools.check(tools.kustomize(KUBERNETES / "overlays/daemonset"), "restricted")
    assert status == 1
    assert [line.partition(":")[0] for line in err.replace("DaemonSet/recoverd-node: ", "").splitlines()] == [
        "restricted volume types", "runAsNonRoot != true", "runAsUser=0"]
    # Of the example's database is no promise.
    _, _, err = tools.check(tools.kustomize(KUBERNETES / "overlays/sidecar"), "restricted")
    assert '"postgresql"' in err and '"recoverd"' not in err


def test_both_ways_to_run_it_share_one_configuration(everything):
    all_hold(everything)
    scopes = {each["kind"]: [word for word in agent_in(each)["args"] if word.startswith("--scope")]
              for each in workloads(everything)}
    assert scopes == {"DaemonSet": ["--scope=node"], "Deployment": ["--scope=cluster"]}
    deployment = the(everything, "Deployment")["spec"]
    # Never two at once: they would share a state, and each would notify.
    assert (deployment["replicas"], deployment["strategy"]["type"]) == (1, "Recreate")
    names = {each["metadata"]["name"] for each in of_kind(everything, "ConfigMap")}
    assert names == {"recoverd"}
    for workload in workloads(everything):
        (config,) = [volume for volume in pod_of(workload)["volumes"] if volume["name"] == "config"]
        mounted = config.get("configMap") or config["projected"]["sources"][0]["configMap"]
        assert mounted["name"] == "recoverd"


def test_host_is_read_only_but_for_the_state(rendered):
    daemon = the(rendered["daemonset"], "DaemonSet")
    host = {volume["name"]: volume["hostPath"]["path"] for volume in pod_of(daemon)["volumes"] if "hostPath" in volume}
    assert host.pop("state") == "/var/lib/recoverd"
    read_only = {mount["name"] for mount in agent_in(daemon)["volumeMounts"] if mount.get("readOnly")}
    assert host and host.keys() <= read_only


def test_a_node_has_no_secret_of_the_deployment(everything):
    """Whoever takes a node over has what is mounted there."""
    mounted = {each["kind"]: {volume["secret"]["secretName"] for volume in pod_of(each)["volumes"] if "secret" in volume}
               for each in workloads(everything)}
    assert mounted["DaemonSet"] and mounted["Deployment"]
    assert not mounted["DaemonSet"] & mounted["Deployment"]


def test_nobody_gets_a_token_but_who_was_given_one(rendered, everything):
    for objects in rendered.values():
        assert not of_kind(objects, "ClusterRole") and not of_kind(objects, "Role")
        assert "serviceAccountToken" not in str(objects)
        assert all(account["automountServiceAccountToken"] is False for account in of_kind(objects, "ServiceAccount"))
    assert "serviceAccountToken" not in str(the(everything, "DaemonSet"))
    (token,) = [volume["projected"] for volume in pod_of(the(everything, "Deployment"))["volumes"]
                if volume["name"] == "token"]
    # Renewed by kubelet, every hour.
    assert token["sources"][0] == {"serviceAccountToken": {"expirationSeconds": 3600, "path": "token"}}
    binding = the(everything, "ClusterRoleBinding")
    assert [subject["name"] for subject in binding["subjects"]] == ["recoverd-cluster"]


def test_whoever_was_given_a_token_can_run_the_collector_and_do_nothing_else(site, everything):
    assert rights(the(everything, "ClusterRole")) == needed(site.agent.binary)
    assert brought(the(everything, "Deployment")) == looked_for(site.agent)


def allowed(roles):
    """Each right with where it holds; one that holds everywhere holds in each namespace."""
    all_of_them = {(role["metadata"].get("namespace"), right) for role in roles for right in rights(role)}
    return {(where, right) for where, right in all_of_them if where is None or (None, right) not in all_of_them}


def test_roles_of_a_configuration_are_those_of_its_checks():
    """Of the example that has the most of them."""
    example = ROOT / "packaging/config/resilience-guide.toml"
    roles = []
    for check in tomllib.loads(example.read_text())["check"].values():
        if check["collector"] == "kubernetes":
            words = [f"--{option}={word}" for option in ("watch", "require") for word in check.get(option, [])]
            words += [f"--namespace={check['namespace']}"] if "namespace" in check else []
            roles += printed_roles(BUILD / "recoverd", *words)
    assert len(roles) > 3
    assert allowed(printed_roles(BUILD / "recoverd", f"--config.file={example}")) == allowed(roles)


def test_commands_of_the_documents_take_the_configuration_of_a_cluster(site):
    """It has a variable that only pods have."""
    off = '#[check.workloads]\n#scope = "cluster"\n#collector = "kubernetes"\n'
    shipped = (KUBERNETES / "base/recoverd.toml").read_text()
    assert off in shipped
    site.agent.write(shipped.replace(off, off.replace("#", "")))
    guide = (ROOT / "docs/guide.md").read_text().partition("\n## Kubernetes\n")[2].partition("\n## ")[0]
    commands = re.findall(r"`((?:\w+=\w+ )?recoverd [^`\n]* recoverd\.toml)`",
                          guide + (KUBERNETES / "README.md").read_text())
    assert len(commands) == 3
    for command in commands:
        done = complete(["sh", "-c", f"export PATH={site.directory}:$PATH; cd {site.directory}; {command}"])
        assert done.returncode == 0, f"{command}\n{done.stderr}"


def test_network_policy_lets_in_prometheus_and_keeps_in_nothing(everything):
    policy = the(everything, "NetworkPolicy")["spec"]
    for workload in workloads(everything):
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert policy["podSelector"]["matchLabels"].items() <= labels.items()
        assert "web" in [port["name"] for port in agent_in(workload)["ports"]]
    # The agent must reach whatever it watches.
    assert policy["policyTypes"] == ["Ingress"]
    (rule,) = policy["ingress"]
    assert rule["from"] and rule["ports"] == [{"port": "web", "protocol": "TCP"}]


def test_image_is_the_one_that_is_built(rendered):
    version = re.search(r"project\(recoverd VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    for objects in rendered.values():
        for workload in workloads(objects):
            assert agent_in(workload)["image"] == f"localhost/recoverd:{version}"


def instance_of(agent, told):
    """As kubelet would make it: of what it tells of the pod, and of the variables before it."""
    known = {}
    for each in agent["env"]:
        known[each["name"]] = (told[each["valueFrom"]["fieldRef"]["fieldPath"]] if "valueFrom" in each else
                               re.sub(r"\$\((\w+)\)", lambda name: known.get(name[1], name[0]), each["value"]))
    return known["RECOVERD_INSTANCE"]


def test_sidecars_of_one_name_in_two_namespaces_are_two(rendered):
    agent = agent_in(the(rendered["sidecar"], "StatefulSet"))
    for namespace in ("shop", "shop-staging"):
        told = {"metadata.namespace": namespace, "metadata.name": "orders-db-0"}
        assert instance_of(agent, told) == f"{namespace}/orders-db-0"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_program_takes_what_the_pod_gives_it(site, rendered, overlay):
    """Its arguments, its variables and its configuration, without a mistake or a warning."""
    (workload,) = workloads(rendered[overlay])
    agent = agent_in(workload)
    site.agent.write(config_of(rendered[overlay]))
    variables = [f"{each['name']}=x" for each in agent["env"]]
    done = complete(["env", *variables, site.agent.binary, *agent["args"], "--config.check",
                     f"--config.file={site.agent.config_file}"])
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    # Of nothing else could a variable of the configuration be.
    unknown = complete([site.agent.binary, *agent["args"], "--config.check", f"--config.file={site.agent.config_file}"])
    assert "RECOVERD_INSTANCE" in unknown.stdout + unknown.stderr


def watched(site, scope, config):
    site.agent.arguments = [f"--scope={scope}"]
    site.agent.environment = {"RECOVERD_INSTANCE": "node1" if scope == "node" else "cluster"}
    try:
        site.agent.begin(config)
        status = site.agent.api("status")
        return {labels["check"] for labels, _ in site.agent.samples("recoverd_check_info")}, status["instance"]
    finally:
        site.agent.stop()
        site.agent.arguments, site.agent.environment = [], {}


def test_each_scope_runs_its_own_checks_of_the_one_configuration(site, everything):
    config = config_of(everything).replace("127.0.0.1:9754", f"127.0.0.1:{site.agent.port}")
    config = config.replace("kubernetes.default.svc:443", f"127.0.0.1:{site.primary.port}")
    config = re.sub(r'^collector = "(http|tls)"$', r'\g<0>\nevery = "2s"\ntimeout = "1s"', config, flags=re.M)
    assert watched(site, "node", config) == ({"recoverd"}, "node1")
    assert watched(site, "cluster", config) == ({"kubernetes-api"}, "cluster")


def test_an_agent_says_what_it_leaves_to_those_of_the_other_scope(site):
    often = {"every": "1s", "timeout": "900ms"}
    config = {"": {"instance": "here"},
              "check.disk": {"collector": "files", "path": "/etc/hostname", "scope": "node", **often},
              # Of no scope, and so of the cluster's.
              "check.port": {"collector": "tcp", "address": f"127.0.0.1:{site.primary.port}", **often}}
    site.agent.arguments = ["--scope=cluster"]
    try:
        site.agent.begin(config)
        some = 'level=info msg="checks are left to agents of another scope" scope=node checks=1'
        until(lambda: some in site.agent.log(), lambda: f"it says so:\n{site.agent.log()}")
        assert re.search(r'msg="recoverd has started" .* checks=1$', site.agent.log(), flags=re.M)
        del config["check.port"]
        site.agent.reload(config)
        none = ('level=warn msg="every check is left to agents of another scope, and nothing is watched here" '
                "scope=node checks=1")
        until(lambda: none in site.agent.log(), lambda: f"it says so:\n{site.agent.log()}")
    finally:
        site.agent.stop()
        site.agent.arguments = []


@pytest.fixture
def beside_postgresql(site, rendered):
    """A PostgreSQL of its own, as the example's pod has it, in which the example's script made the role; yields the
    sidecar's configuration, with this machine's paths."""
    folder = site.directory / "sidecar"
    run(["mkdir", folder, folder / "backups"])
    database = Postgres(folder, "orders")
    database.init()
    # As in production; the agent would tell of anything else.
    database.configure(fsync="on")
    database.start()
    try:
        password = folder / "password"
        run(["sh", "-c", f"umask 077; echo sidecars-secret > {password}"])
        (script,) = [each["data"]["10-recoverd.sh"] for each in of_kind(rendered["sidecar"], "ConfigMap")
                     if "10-recoverd.sh" in each["data"]]
        run(["env", f"PGHOST={folder}", f"PGPORT={database.port}", "sh", "-c",
             script.replace("/run/secrets/recoverd/recoverd", str(password))])
        rules = database.data / "pg_hba.conf"
        rules.write_text("host all recoverd 127.0.0.1/32 scram-sha-256\n" + rules.read_text())
        database.signal(1)
        yield database, folder, (config_of(rendered["sidecar"])
                                 .replace("port=5432", f"port={database.port}")
                                 .replace("/run/secrets/recoverd/recoverd", str(password))
                                 .replace('"/backups/', f'"{folder}/backups/'))
    finally:
        database.discard()
        run(["rm", "-r", folder])


def test_sidecar_watches_the_database_beside_it(site, beside_postgresql):
    """By the role that the example makes and its password, and by the dumps on the volume."""
    database, folder, config = beside_postgresql
    config = re.sub(r"^collector = .*$", r'\g<0>\nevery = "1s"\ntimeout = "900ms"', config, flags=re.M)
    dump = folder / f"backups/orders-{date.today()}.dump"
    run([f"{PROGRAMS}/pg_dump", "-Fc", "-h", "127.0.0.1", "-p", database.port, "-U", "postgres", "-f",
         dump, "postgres"])
    site.agent.environment = {"RECOVERD_INSTANCE": "shop/orders-db-0"}
    try:
        site.agent.begin(config)
        for check in ("orders-server", "orders-dumps"):
            until(lambda name=check: site.agent.value("recoverd_check_success", check=name) == 1,
                  lambda: f"{check} succeeds:\n{site.agent.log()}")
        assert site.agent.value("recoverd_backup_points", check="orders-dumps") == 1
        firing = {alert["labels"]["alertname"] for alert in site.agent.api("alerts")["alerts"]
                  if alert["state"] == "firing"}
        assert firing == {"RecoverdWatchdog"}
        # The password is not only asked for, it is needed.
        database.sql("ALTER ROLE recoverd PASSWORD 'another'")
        until(lambda: site.agent.value("recoverd_check_success", check="orders-server") == 0, "the old one is refused")
    finally:
        site.agent.stop()
        site.agent.environment = {}
