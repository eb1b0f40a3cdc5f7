# SPDX-License-Identifier: Apache-2.0
"""Sources as large as they come. Each has a `name`, the options of its `check`, and a `peer` that fetches or reads the same."""

import json
import os
import shutil
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from servers.certificates import Authority
from servers.git import Git
from servers.kafka import Cluster
from servers.process import program, server_user
from servers.scripts import Script
from servers.terraform import State, document
from servers.web_server import Handler, WebServer

NEWEST = datetime(2026, 11, 28, 3)
SPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
# Debian's: what it imports is installed there.
PYTHON = "/usr/bin/python3"


class Source:
    """`asked`: how many requests came in so far, or what `unit` says."""

    unit = "requests"
    # MiB, of the agent and all below it.
    most_resident = 150

    def prepare(self, agent):
        """What it needs besides its configuration, before it is started."""

    def count(self, agent):
        """From now on `asked` is counted, where it costs something to count."""

    def stop(self):
        """Ends what runs; of files nothing does."""


class Begun(Source):
    """What programs read: how often one is begun is counted by a script that comes to stand in its place."""

    def __init__(self, bench):
        self._folder = bench.fresh_directory(f"begun-{type(self).__name__.lower()}")
        self._lines = self._folder / "lines"

    def count_at(self, place, real):
        Script(place.parent, place.name, f'echo >> {self._lines}\nexec {real} "$@"')

    @property
    def asked(self):
        return self._lines.stat().st_size if self._lines.exists() else 0


class OfWorker(Begun):
    unit = "worker runs"

    def count(self, agent):
        place, real = agent.directory / "worker", self._folder / "worker"
        shutil.copy2(place, real)
        self.count_at(place, real)


class Versions(WebServer, Source):
    """An S3 bucket in which one key has 10,000 versions, told as S3 tells them: a thousand at a time."""

    name = "10,000 versions of an S3 object"
    peer = "curl (the same pages)"
    KEY, COUNT, PAGE = "env/prod/terraform.tfstate", 10_000, 1_000

    def __init__(self, bench):
        versions = self
        self.asked = 0
        self._secret = bench.directory / "s3.secret"
        self._secret.write_text("of-nobody", encoding="utf-8")
        self._pages = [self._page(first) for first in range(0, self.COUNT, self.PAGE)]

        class Bucket(Handler):
            def do_GET(self):
                versions.asked += 1
                query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
                if "versioning" in query:
                    body = (f'<VersioningConfiguration xmlns="{SPACE}"><Status>Enabled</Status>'
                            "</VersioningConfiguration>").encode()
                else:
                    first = int(query.get("version-id-marker", ["v-1"])[0].removeprefix("v")) + 1
                    body = versions._pages[first // versions.PAGE]
                self.answer(200, body, {"Content-Type": "application/xml"})

        self.url = self.serve(Bucket)
        self.peer_command = ["curl", "-s", *(f"{self.url}/states?versions&version-id-marker=v{first - 1}"
                                             for first in range(0, self.COUNT, self.PAGE))]

    def _page(self, first):
        last = first + self.PAGE - 1
        more = last + 1 < self.COUNT
        marker = (f"<NextKeyMarker>{self.KEY}</NextKeyMarker><NextVersionIdMarker>v{last}</NextVersionIdMarker>" if more
                  else "")
        each = "".join(
            f"<Version><Key>{self.KEY}</Key><VersionId>v{n}</VersionId><IsLatest>{'true' if n == 0 else 'false'}</IsLatest>"
            f"<LastModified>{NEWEST - timedelta(minutes=5 * n):%Y-%m-%dT%H:%M:%S}.000Z</LastModified>"
            f'<ETag>"d41d8cd98f00b204e9800998ecf8427e"</ETag><Size>{181_000 + n}</Size><StorageClass>STANDARD</StorageClass>'
            "<Owner><ID>0123456789abcdef</ID></Owner></Version>" for n in range(first, last + 1))
        return (f'<?xml version="1.0" encoding="UTF-8"?>\n<ListVersionsResult xmlns="{SPACE}"><Name>states</Name>'
                f"<Prefix>{self.KEY}</Prefix><MaxKeys>{self.PAGE}</MaxKeys><IsTruncated>{str(more).lower()}</IsTruncated>"
                f"{marker}{each}</ListVersionsResult>").encode()

    @property
    def check(self):
        return {"collector": "s3", "endpoint": self.url, "bucket": "states", "key": self.KEY, "head": False,
                "access_key_id": "AKIDEXAMPLE", "secret_access_key": {"file": self._secret}, "changes_rarely": True}


class References(Begun):
    """A Git repository of 20,000 refs, and its mirror."""

    unit = "programs"
    name = "20,000 refs of a Git mirror and its origin"
    peer = "git ls-remote (both)"
    COUNT = 20_000

    def __init__(self, bench):
        super().__init__(bench)
        self._git = Git(bench.directory, "large")
        for repository in (self._git.origin, self._git.mirror):
            refs = repository / "packed-refs"
            tip = self._git.tip()
            refs.write_text("# pack-refs with: peeled fully-peeled sorted \n" + "".join(
                f"{tip} refs/heads/feature/{number:05}\n" for number in range(self.COUNT)), encoding="ascii")
            if os.geteuid() == 0:
                shutil.chown(refs, server_user().pw_name)
        # Whose repositories they are is none of the peer's business; `git -c` is not handed on to who reads them.
        config = bench.directory / "git-of-peer"
        config.write_text("[safe]\ndirectory = *\n", encoding="ascii")
        self.peer_command = ["env", f"GIT_CONFIG_GLOBAL={config}", "sh", "-c",
                             f"git ls-remote '{self._git.origin}' && git ls-remote '{self._git.mirror}'"]

    @property
    def check(self):
        return self._git.check()

    def prepare(self, agent):
        # Empty until something is counted. What git begins itself comes from its own folder of programs.
        agent.environment["PATH"] = f"{self._folder}:{os.environ['PATH']}"

    def count(self, agent):
        self.count_at(self._folder / "git", program("git"))


class Infrastructure(OfWorker):
    """A Terraform state of 50 MB."""

    name = "a Terraform state of 50 MB"
    peer = "python3's json"
    RESOURCES = 2_500

    def __init__(self, bench):
        super().__init__(bench)
        self._state = State(bench.directory, "large")
        self._state.write(document(7, self.RESOURCES, note="x" * 20_000))
        assert self._state.path.stat().st_size > 50_000_000
        self.peer_command = [PYTHON, "-c", f"import json; json.load(open({json.dumps(str(self._state.path))}))"]

    @property
    def check(self):
        return self._state.check()


class Partitions(OfWorker):
    """A Kafka cluster of 5,000 partitions."""

    name = "5,000 partitions of Kafka"
    peer = "python3's confluent_kafka"
    TOPICS, EACH = 50, 100

    def __init__(self, bench):
        super().__init__(bench)
        folder = bench.fresh_directory("kafka")
        self._cluster = Cluster(folder, bench.build, Authority(folder, "kafka-authority"))
        self._cluster.start()
        for number in range(self.TOPICS):
            self._cluster.do("create", f"topic-{number}", self.EACH, 1, "retention.ms=604800000")
        self._cluster.until_well()
        self.peer_command = self._cluster.command("state")

    @property
    def check(self):
        return {"collector": "kafka", "brokers": self._cluster.addresses, "retention": "7d"}

    def stop(self):
        self._cluster.stop()


class Pods(WebServer, Source):
    """A Kubernetes cluster of 5,000 pods in 500 deployments, of some 10 KB each, listed in pages as large as is asked for."""

    name = "5,000 pods of Kubernetes"
    peer = "curl (the same pages)"
    most_resident = 100
    COUNT, PAGE = 5_000, 100

    def __init__(self, bench):
        pods = self
        self.asked = 0
        self._pods = [json.dumps(self._pod(number)) for number in range(self.COUNT)]

        class ApiServer(Handler):
            def do_GET(self):
                pods.asked += 1
                query = parse_qs(urlsplit(self.path).query)
                first, limit = int(query.get("continue", ["0"])[0]), int(query["limit"][0])
                self.answer(200, pods._page(first, limit), {"Content-Type": "application/json"})

        self.url = self.serve(ApiServer)
        self.peer_command = ["curl", "-s", *(f"{self.url}/api/v1/pods?limit={self.PAGE}&continue={first}"
                                             for first in range(0, self.COUNT, self.PAGE))]

    def _page(self, first, limit):
        more = f', "continue": "{first + limit}"' if first + limit < self.COUNT else ""
        return (f'{{"kind": "PodList", "apiVersion": "v1", "metadata": {{"resourceVersion": "1"{more}}}, "items": ['
                f'{", ".join(self._pods[first:first + limit])}]}}').encode()

    @staticmethod
    def _pod(number):
        deployment, variables = f"shop-{number // 10:03}", [f"VARIABLE_{index:02}" for index in range(34)]
        names = ("application", "proxy")
        fields = {f'k:{{"name":"{name}"}}': {".": {}, "f:image": {}, "f:env": {
            f'k:{{"name":"{variable}"}}': {".": {}, "f:name": {}, "f:value": {}} for variable in variables}}
            for name in names}
        return {
            "metadata": {
                "name": f"{deployment}-6b7f9c-{number:05}", "namespace": f"team-{number % 20:02}",
                "uid": f"00000000-0000-4000-8000-{number:012}", "creationTimestamp": "2026-11-28T03:00:00Z",
                "labels": {"app": deployment, "pod-template-hash": "6b7f9c"},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"{deployment}-6b7f9c",
                                     "controller": True}],
                "managedFields": [{"manager": "kube-controller-manager", "operation": "Update", "fieldsType": "FieldsV1",
                                   "fieldsV1": {"f:spec": {"f:containers": fields}}}]},
            "spec": {"nodeName": f"node-{number % 100:02}", "restartPolicy": "Always", "containers": [
                {"name": name, "image": f"registry.example/{name}:1.2.3",
                 "env": [{"name": variable, "value": f"as {deployment} wants it"} for variable in variables]}
                for name in names]},
            "status": {
                "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
                "containerStatuses": [{"name": name, "ready": True, "restartCount": number % 3,
                                       "state": {"running": {"startedAt": "2026-11-28T03:00:10Z"}}} for name in names]}}

    @property
    def check(self):
        return {"collector": "kubernetes", "server": self.url, "watch": ["pods"]}


ALL = (Versions, References, Infrastructure, Partitions, Pods)

