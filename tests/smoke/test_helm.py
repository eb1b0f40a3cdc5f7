# SPDX-License-Identifier: Apache-2.0
"""packaging/helm/recoverd: rendered by helm, read as an API server and the Prometheus operator would read it."""

import base64
import json
import re
import shutil
import tomllib

import pytest
import yaml

import readme
from servers.http import get
from servers.in_cluster import brought, looked_for, needed, rights
from servers.manifest_rules import all_hold, probes_of, unwatched
from servers.manifests import ROOT, Tools, agent_in, of_kind, pod_of, the, workloads
from servers.process import complete, run, until
from test_alertmanager import PASSWORD, PASSWORD_HASH, USER
from test_secrets import opened
from test_systemd_unit import BUILD

pytestmark = pytest.mark.ci

CHART = ROOT / "packaging/helm/recoverd"
PROMETHEUS = ROOT / "packaging/prometheus"
PUSH = {"alertmanager": {"urls": ["http://alertmanager.monitoring.svc:9093"], "labels": {"team": "platform"}}}
# Without it agents of two clusters are one to whoever notifies, also where that is Prometheus.
# A check, as somebody has at least one.
MEMBERS = '[check.members]\ncollector = "patroni"\nurls = ["http://db1:8008"]\n'
LABELLED = {"alertmanager": {"labels": {"cluster": "west", "release": "shop"}}}
OPERATOR = {"serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
            "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"},
                               "runbookUrl": "https://runbooks.example/"}}
# For agents that push.
AGENTS_ONLY = {"prometheusRule": {"enabled": True, "findings": False,
                                  "runbookUrl": "https://runbooks.example/recoverd"}}
GUARDED = {"networkPolicy": {"enabled": True, "from": [{"namespaceSelector": {}}],
                             "egress": [{"ports": [{"port": 53, "protocol": "UDP"}]}]},
           "podDisruptionBudget": {"enabled": True}}
EXISTING = {"existingConfigMap": "ours", "existingSecrets": ["orders-db", "shop-db"], "existingWebConfigSecret": "web",
            "probeScheme": "HTTPS", "cluster": {"persistence": {"existingClaim": "ours"}},
            "imagePullSecrets": [{"name": "registry"}]}
LOGIN = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
BY_NAME = {"username": {"name": "web", "key": "user"}, "password": {"name": "web", "key": "password"}}
WITH_USERS = {"existingWebConfigSecret": "web", "probeHeaders": [{"name": "Authorization", "value": LOGIN}],
              "serviceMonitor": {"enabled": True, "basicAuth": BY_NAME,
                                 "tlsConfig": {"ca": {"secret": {"name": "web", "key": "ca.crt"}}}}}
EXTRA = {"extraVolumes": [{"name": "dumps", "persistentVolumeClaim": {"claimName": "dumps", "readOnly": True}}],
         "extraVolumeMounts": [{"name": "dumps", "mountPath": "/dumps", "readOnly": True}],
         "extraEnv": [{"name": "SITE", "value": "here"}], "extraArgs": ["--web.enable-lifecycle"],
         "externalUrl": "https://ops.example/recoverd",
         "podAnnotations": {"note": "1"}, "podLabels": {"team": "platform"},
         "node": {"runAsUser": 65532, "nodeSelector": {"disk": "big"}, "priorityClassName": "high"}}


@pytest.fixture(scope="module")
def tools():
    return Tools(BUILD)


@pytest.fixture
def chart(tools, tmp_path):
    """Renders it with values: helm's status, what it printed, what it complained of."""
    def render(values, command="template", folder=CHART):
        file = tmp_path / "values.json"
        file.write_text(json.dumps(values))
        about = ["--strict", folder] if command == "lint" else ["backup", folder, "--namespace=backup"]
        return tools.helm(command, *about, f"--values={file}", "--kube-version=1.32.0")

    return render


@pytest.fixture
def objects(tools, chart):
    def read(values):
        status, out, err = chart(values)
        assert status == 0, err
        return tools.read(out)

    return read


@pytest.fixture
def notes(chart, tmp_path):
    """What is told to whoever installs it. Helm shows that of a chart that it installs in a cluster; here it is a manifest."""
    def render(values):
        folder = tmp_path / "with-notes"
        shutil.copytree(CHART, folder, dirs_exist_ok=True)
        told = (folder / "templates/NOTES.txt").read_text()
        (folder / "templates/notes.yaml").write_text(
            '{{- define "told" -}}' + told + '{{- end -}}\nkind: Notes\ntext: {{ include "told" . | toJson }}\n')
        status, out, err = chart(values, folder=folder)
        assert status == 0, err
        (text,) = [each["text"] for each in yaml.safe_load_all(out) if each and each["kind"] == "Notes"]
        return text

    return render


def config_of(objects):
    return the(objects, "ConfigMap")["data"]["recoverd.toml"]


@pytest.mark.parametrize("values", [
    {}, PUSH, OPERATOR, {**PUSH, **AGENTS_ONLY}, GUARDED, EXISTING, EXTRA, WITH_USERS,
    {**OPERATOR, **GUARDED, **EXTRA, "cluster": {"kubernetesApi": True}}, {"node": {"enabled": False}},
    {"cluster": {"enabled": False}, **GUARDED},
    {"cluster": {"persistence": {"storageClassName": "fast", "size": "5Gi"}}}, {"node": {"hostPaths": []}},
], ids=["defaults", "push", "operator", "push-and-rules", "guarded", "existing", "extra", "users", "all", "no-node",
        "no-cluster", "claim", "no-host"])
def test_whatever_is_set_would_be_taken(chart, objects, values):
    status, out, err = chart(values, "lint")
    assert status == 0, out + err
    all_hold(objects(values))


def test_the_readmes_command_installs_what_its_values_say(tools, tmp_path):
    """Read as an API server would: there is no cluster to install it in."""
    text = (CHART / "README.md").read_text()
    (values,) = re.findall(r"```yaml\n(.*?)```", text, flags=re.S)
    here = tmp_path / "recoverd"
    shutil.copytree(CHART, here)
    (tmp_path / "values.yaml").write_text(values)
    (tmp_path / "recoverd.toml").write_text(MEMBERS)
    (line,) = readme.commands(CHART / "README.md")
    command = line.removeprefix("helm upgrade --install ")
    assert command != line
    for shown, meant in {" . ": f" {here} ", " values.yaml": f" {tmp_path}/values.yaml",
                         "=recoverd.toml": f"={tmp_path}/recoverd.toml"}.items():
        assert shown in command
        command = command.replace(shown, meant)
    status, out, err = tools.helm("template", *command.split(), "--kube-version=1.32.0")
    assert status == 0, err
    objects = tools.read(out)
    all_hold(objects)
    assert config_of(objects).startswith(MEMBERS)
    for workload in workloads(objects):
        assert agent_in(workload)["image"].startswith("registry.example/recoverd:")


@pytest.mark.parametrize("values", [{}, EXTRA])
def test_whoever_the_pods_run_as_may_read_their_secrets(objects, values):
    """Kubelet writes those as root's, for a group as well."""
    for workload in workloads(objects(values)):
        runs = workload["spec"]["template"]["spec"]["securityContext"]
        assert runs["runAsUser"] == 0 or runs["fsGroup"] == runs["runAsGroup"]


def test_nodes_are_chosen_among_those_that_can_run_it(objects):
    chosen = {each["kind"]: pod_of(each)["nodeSelector"] for each in workloads(objects(EXTRA))}
    assert chosen == {"DaemonSet": {"kubernetes.io/os": "linux", "disk": "big"}, "Deployment": {"kubernetes.io/os": "linux"}}


def test_deployment_runs_where_only_the_restricted_may(tools, chart):
    status, out, err = chart({**GUARDED, "node": {"enabled": False}, "cluster": {"kubernetesApi": True}})
    assert status == 0, err
    status, _, err = tools.check(out, "restricted")
    assert (status, err) == (0, "")


@pytest.mark.parametrize("values, complaint", [
    ({"prometheusRule": {"enabled": True}, **PUSH}, "the agents push to Alertmanager (alertmanager.urls) and Prometheus"),
    ({**OPERATOR, **PUSH}, "hint: leave out one of them, or say prometheusRule.findings=false"),
    ({"prometheusRule": {"enabled": True}, "config": "[alertmanager]\nurls = []\n"}, "([alertmanager] in config)"),
    ({"prometheusRule": {"enabled": True}, "config": "alertmanager.urls = []\n"}, "([alertmanager] in config)"),
    ({"prometheusRule": {"enabled": True}, "config": "[policy]\n['alertmanager'] # ours\nlabels = {}\n urls = []\n[a]\n"},
     "([alertmanager] in config)"),
    ({**PUSH, "config": "[alertmanager]\nlabels = {}\n"}, "expected the table [alertmanager] in one place"),
    ({**PUSH, "config": " [ alertmanager ]\nurls = []\n"}, "hint: leave out alertmanager.urls and alertmanager.labels"),
    ({**LABELLED, "config": "[alertmanager]\nurls = []\n"}, "found two: alertmanager.labels, and the table in config"),
    ({**LABELLED, "config": "alertmanager.urls = []\n"}, "hint: leave out alertmanager.labels"),
    ({**PUSH, "existingConfigMap": "ours"}, "expected alertmanager.urls and alertmanager.labels to have a configuration"),
    ({**LABELLED, "existingConfigMap": "ours"}, "expected alertmanager.labels to have a configuration to stand in"),
    ({"config": "# mine\n", "existingConfigMap": "ours"}, "expected one configuration, found two"),
    ({"node": {"enabled": False}, "cluster": {"enabled": False}}, "nothing would run"),
    ({"prometheusRules": {"enabled": True}}, "prometheusRules"),
    ({"node": {"hostPaths": ["var/backups"]}}, "hostPaths"),
    ({"alertmanager": {"urls": "http://one"}}, "urls"),
    ({"autoReloadInterval": "often"}, "autoReloadInterval"),
    ({"scrapeJob": 'recoverd"}'}, "scrapeJob"),
    ({"probeHeaders": [{"name": "Authorization"}]}, "probeHeaders"),
    ({"externalUrl": "ops.example/recoverd"}, "externalUrl"),
    ({"routePrefix": "recoverd"}, "routePrefix"),
    ({"extraArgs": ["--log.level=debug", "--web.external-url=https://ops.example/"]}, "expected --web.external-url by"),
    ({"extraArgs": ["--web.route-prefix", "/recoverd"]}, "expected --web.route-prefix by externalUrl or routePrefix"),
    ({**OPERATOR, "externalUrl": "https://ops.example/$(RECOVERD_INSTANCE)"}, "found '/$(RECOVERD_INSTANCE)'"),
])
def test_what_makes_no_sense_is_refused_in_words(chart, values, complaint):
    status, out, err = chart(values)
    assert (status != 0, out) == (True, "")
    assert complaint in err


@pytest.mark.parametrize("config", [
    "#[alertmanager]\n#urls = []\n[policy]\n",
    # What Prometheus tells has these severities, too.
    '[alertmanager]\nseverity = { P1 = "page" }\n#urls = []\n\n' + MEMBERS,
])
def test_what_names_no_alertmanager_is_no_push(objects, config):
    assert of_kind(objects({"prometheusRule": {"enabled": True}, "config": config}), "PrometheusRule")


@pytest.mark.parametrize("values", [PUSH, LABELLED, {**LABELLED, **OPERATOR}, {**LABELLED, "config": MEMBERS}],
                         ids=["push", "labels", "labels-and-rules", "labels-and-config"])
def test_agents_push_where_they_are_told_and_as_whom(site, objects, values):
    config = config_of(objects(values))
    assert tomllib.loads(config)["alertmanager"] == values["alertmanager"]
    site.agent.write(config)
    done = complete(["env", "RECOVERD_INSTANCE=x", site.agent.binary, "config", "check", site.agent.config_file])
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


@pytest.mark.parametrize("values", [{}, EXTRA, {"log": {"level": "debug", "format": "json"}}])
def test_program_takes_what_the_pods_give_it(site, objects, values):
    found = objects(values)
    site.agent.write(config_of(found))
    for workload in workloads(found):
        variables = [f"{each['name']}=x" for each in agent_in(workload)["env"]]
        done = complete(["env", *variables, site.agent.binary, *agent_in(workload)["args"], "--config.check",
                         f"--config.file={site.agent.config_file}"])
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr


def test_chart_and_overlays_are_of_one_program():
    """The same version, the same example, and the rules that it prints."""
    version = re.search(r"project\(recoverd VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (version, version)
    assert (CHART / "files/recoverd.toml").read_text() == (ROOT / "packaging/kubernetes/base/recoverd.toml").read_text()
    rules = run([BUILD / "recoverd", "rules", "--runbook-url=RUNBOOKS"])
    assert (CHART / "files/rules.yaml").read_text() == rules, "when the change is meant: tools/accept-golden"
    rules = (PROMETHEUS / "rules/recoverd-agent.yml").read_text()
    assert (CHART / "files/agent-rules.yaml").read_text() == rules.replace(
        "https://runbooks.example/recoverd", "RUNBOOKS"), "when the change is meant: tools/accept-golden"
    assert (CHART / "files/recording-rules.yaml").read_text() == (
        PROMETHEUS / "rules/recoverd-recording.yml").read_text(), "when the change is meant: tools/accept-golden"


def test_what_is_there_already_is_used_and_not_made(objects):
    found = objects(EXISTING)
    assert not of_kind(found, "ConfigMap") and not of_kind(found, "PersistentVolumeClaim") and not of_kind(found, "Secret")
    for workload in workloads(found):
        volumes = {volume["name"]: volume for volume in pod_of(workload)["volumes"]}
        assert volumes["config"]["projected"]["sources"][0]["configMap"]["name"] == "ours"
        assert [each["secret"]["name"] for each in volumes["secrets"]["projected"]["sources"]] == ["orders-db", "shop-db"]
        assert "--web.config.file=/run/secrets/recoverd-web/web.yml" in agent_in(workload)["args"]
        assert agent_in(workload)["livenessProbe"]["httpGet"]["scheme"] == "HTTPS"


def secrets_of(workload):
    (volume,) = [each for each in pod_of(workload)["volumes"] if each["name"] == "secrets"]
    return [each["secret"]["name"] for each in volume["projected"]["sources"]]


def test_each_pod_has_the_secrets_that_it_needs(objects):
    found = objects({"existingSecrets": ["ours"], "node": {"existingSecrets": ["restic"]},
                     "cluster": {"existingSecrets": ["orders-db", "ours"]}})
    all_hold(found)
    assert secrets_of(the(found, "DaemonSet")) == ["ours", "restic"]
    assert secrets_of(the(found, "Deployment")) == ["ours", "orders-db"]


def test_probes_and_prometheus_get_in_where_there_are_users(site, objects):
    """A probe that is refused has the pod killed again and again."""
    found = objects(WITH_USERS)
    (endpoint,) = the(found, "ServiceMonitor")["spec"]["endpoints"]
    assert (endpoint["basicAuth"], endpoint["tlsConfig"]) == (BY_NAME, WITH_USERS["serviceMonitor"]["tlsConfig"])
    agent, users = site.agent, site.directory / "probed.yml"
    users.touch()
    agent.arguments = [f"--web.config.file={users}"]
    try:
        agent.begin(site.config())
        users.with_suffix(".new").write_text(f"basic_auth_users:\n  {USER}: {PASSWORD_HASH}\n")
        users.with_suffix(".new").rename(users)
        until(lambda: "needed" in opened(f"{agent.url}/-/ready", {}), "nobody else gets in")
        for call in [probe["httpGet"] for each in workloads(found) for probe in probes_of(agent_in(each)).values()]:
            headers = {header["name"]: header["value"] for header in call["httpHeaders"]}
            assert opened(agent.url + call["path"], headers).startswith("recoverd is ")
    finally:
        agent.stop()
        agent.arguments = []


@pytest.mark.parametrize("values, prefix", [
    ({"externalUrl": "https://ops.example/all/recoverd/"}, "/all/recoverd"),
    ({"externalUrl": "https://ops.example/$(RECOVERD_INSTANCE)", "routePrefix": "/"}, ""),
], ids=["path", "path-taken-off"])
def test_probes_and_prometheus_get_in_where_paths_have_a_prefix(site, objects, values, prefix):
    """A probe that finds nothing has the pod killed again and again."""
    found = objects({**OPERATOR, **values})
    (endpoint,) = the(found, "ServiceMonitor")["spec"]["endpoints"]
    (said,) = {tuple(word for word in agent_in(each)["args"] if word.startswith(("--web.external-", "--web.route-")))
               for each in workloads(found)}
    agent, plain = site.agent, site.agent.url
    agent.arguments, agent.url = said, plain + prefix
    try:
        agent.begin(site.config())
        for path in {probe["httpGet"]["path"] for each in workloads(found) for probe in probes_of(agent_in(each)).values()}:
            assert get(plain + path).startswith("recoverd is ")
        assert "recoverd_build_info" in get(plain + endpoint.get("path", "/metrics"))
    finally:
        agent.stop()
        agent.arguments, agent.url = [], plain


@pytest.mark.parametrize("values, left, told", [
    ({}, [], None),
    ({"node": {"enabled": False}}, ["recoverd"], 'Checks of scope "node" are run by nobody here: node.enabled is false.'),
    ({"cluster": {"enabled": False}}, ["kubernetes-api"],
     'Checks of scope "cluster", and those that name no scope, are run by nobody here: cluster.enabled is false.'),
], ids=["both", "no-node", "no-cluster"])
def test_whoever_switches_an_agent_off_is_told_that_nobody_runs_its_checks(objects, notes, values, left, told):
    found = objects(values)
    assert unwatched(found, tomllib.loads(config_of(found))) == left
    said = notes(values)
    assert "run by nobody" not in said if told is None else told in said.splitlines()


def test_nobody_gets_a_token_or_a_right_but_who_was_given_one(objects):
    assert not {each["kind"] for each in objects({})} & {"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}
    found = objects({"cluster": {"kubernetesApi": True}})
    (subject,) = the(found, "ClusterRoleBinding")["subjects"]
    deployment = the(found, "Deployment")
    assert subject["name"] == pod_of(deployment)["serviceAccountName"]
    assert subject["namespace"] == deployment["metadata"]["namespace"] == "backup"
    assert "serviceAccountToken" in str(deployment)
    assert "serviceAccountToken" not in str(the(found, "DaemonSet"))


def test_whoever_was_given_a_token_can_run_the_collector_and_do_nothing_else(site, objects):
    found = objects({"cluster": {"kubernetesApi": True}})
    assert rights(the(found, "ClusterRole")) == needed(site.agent.binary)
    assert brought(the(found, "Deployment")) == looked_for(site.agent)


def test_policy_lets_in_whom_it_names_and_nobody_else(objects):
    policy = the(objects(GUARDED), "NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert policy["ingress"] == [{"ports": [{"port": "web", "protocol": "TCP"}], "from": [{"namespaceSelector": {}}]}]
    # A monitor has to reach what it watches, unless somebody knows what that is.
    assert the(objects({"networkPolicy": {"enabled": True}}), "NetworkPolicy")["spec"]["policyTypes"] == ["Ingress"]
