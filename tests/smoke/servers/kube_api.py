# SPDX-License-Identifier: Apache-2.0
"""As much of a Kubernetes API server as lists pods, nodes, jobs and some more: over TLS, in pages, with tokens that are
exchanged and roles that are refused."""

import json
import time
from urllib.parse import parse_qs, urlsplit

from .web_server import Handler, WebServer


def moment(ago=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - ago))


class KubeApi(WebServer):
    def __init__(self, certificate, token):
        self.token = token
        # By plural name; what is in `refused` may not be listed.
        self.objects = {"nodes": {}, "pods": {}, "deployments": {}, "statefulsets": {}, "daemonsets": {}, "jobs": {},
                        "cronjobs": {}, "chaosresults": {}, "backups": {}, "backupstoragelocations": {}, "schedules": {},
                        "podvolumebackups": {}, "restores": {}}
        self.refused = set()
        self.unauthorized = 0
        self._next = 0
        server = self

        class Lister(Handler):
            def do_GET(self):
                server._answer(self)

        self.url = self.serve(Lister, certificate)

    def node(self, name, ready="True", zone="a"):
        self.objects["nodes"][name] = {
            "metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": zone}},
            "status": {"conditions": [{"type": "Ready", "status": ready, "reason": "NodeStatusUnknown",
                                       "message": "Kubelet stopped posting node status.",
                                       "lastHeartbeatTime": moment(10)}]}}

    def deployment(self, name, replicas=2, node="node1"):
        """With its pods, which run."""
        for i in range(replicas):
            self.pod(name, i, node)
        self.objects["deployments"][name] = {
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {"replicas": replicas, "template": {"metadata": {}, "spec": {"containers": [{"name": name}]}}},
            "status": {"readyReplicas": replicas}}

    def pod(self, deployment, number, node="node1", ready=True, restarts=0, state=None, last=None):
        """A new pod has a new name and UID; one that restarts keeps them."""
        key = f"{deployment}-{number}"
        old = self.objects["pods"].get(key)
        if not old:
            self._next += 1
        uid = old["metadata"]["uid"] if old else f"uid-{self._next}"
        self.objects["pods"][key] = {
            "metadata": {"name": f"{deployment}-5f6d8-{uid}", "namespace": "shop", "uid": uid,
                         "labels": {"pod-template-hash": "5f6d8"},
                         "ownerReferences": [{"kind": "ReplicaSet", "name": f"{deployment}-5f6d8", "controller": True}]},
            "spec": {"nodeName": node, "restartPolicy": "Always"},
            "status": {"phase": "Running",
                       "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
                       "containerStatuses": [{"name": deployment, "restartCount": restarts,
                                              "state": state or {"running": {"startedAt": moment(60)}},
                                              "lastState": {"terminated": last} if last else {}}]}}

    def crash(self, deployment, number):
        self.pod(deployment, number, ready=False, restarts=4,
                 state={"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 1m20s restarting failed container"}},
                 last={"reason": "Error", "exitCode": 1, "finishedAt": moment(20)})

    def job(self, cronjob, number, ended, ago=0):
        """One run of it, which took 5 s."""
        name = f"{cronjob}-{number}"
        self.objects["jobs"][name] = {
            "metadata": {"name": name, "namespace": "shop", "uid": f"uid-{name}",
                         "ownerReferences": [{"kind": "CronJob", "name": cronjob, "controller": True}]},
            "spec": {},
            "status": {"startTime": moment(ago + 5), "failed": 0 if ended == "Complete" else 1,
                       **({"completionTime": moment(ago)} if ended == "Complete" else {}),
                       "conditions": [{"type": ended, "status": "True", "reason": "BackoffLimitExceeded",
                                       "lastTransitionTime": moment(ago)}]}}
        status = self.objects["cronjobs"].setdefault(
            cronjob, {"metadata": {"name": cronjob, "namespace": "shop"}, "spec": {}, "status": {}})["status"]
        status["lastScheduleTime"] = moment(ago + 5)
        if ended == "Complete":
            status["lastSuccessfulTime"] = moment(ago)

    def chaos_result(self, experiment, verdict, passed, failed):
        """As litmus-go leaves it: the same object after every run."""
        self.objects["chaosresults"][experiment] = {
            "metadata": {"name": f"shop-{experiment}", "namespace": "shop", "uid": f"uid-{experiment}",
                         "creationTimestamp": moment(86_400),
                         "managedFields": [{"manager": "experiments", "time": moment(),
                                            "fieldsV1": {"f:spec": {}, "f:status": {}}}]},
            "spec": {"engine": "shop", "experiment": experiment},
            "status": {"experimentStatus": {"phase": "Completed", "verdict": verdict,
                                            "probeSuccessPercentage": "100" if verdict == "Pass" else "0"},
                       "probeStatuses": [{"name": "shop-answers", "type": "httpProbe", "mode": "Continuous",
                                          "status": {"verdict": "Passed" if verdict == "Pass" else "Failed"}}],
                       "history": {"passedRuns": passed, "failedRuns": failed, "stoppedRuns": 0}}}

    def restore(self, name, phase, errors=0, ago=0):
        """Velero's, of a backup that was made ten minutes ago; it ended `ago` seconds ago."""
        self.objects["backups"]["nightly-1"] = {
            "metadata": {"name": "nightly-1", "namespace": "velero", "labels": {"velero.io/schedule-name": "nightly"}},
            "status": {"phase": "Completed", "startTimestamp": moment(660), "completionTimestamp": moment(600)}}
        self.objects["restores"][name] = {
            "metadata": {"name": name, "namespace": "velero", "uid": f"uid-{name}", "creationTimestamp": moment(ago + 5)},
            "spec": {"backupName": "nightly-1", "scheduleName": "nightly"},
            "status": {"phase": phase, "startTimestamp": moment(ago + 4), "completionTimestamp": moment(ago),
                       "progress": {"totalItems": 9, "itemsRestored": 9}, **({"errors": errors} if errors else {})}}

    def _answer(self, request):
        url = urlsplit(request.path)
        query = parse_qs(url.query)
        name = url.path.rsplit("/", 1)[1]
        status, document = 200, None
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            self.unauthorized += 1
            status, document = 401, {"kind": "Status", "status": "Failure", "message": "Unauthorized", "code": 401}
        elif name in self.refused:
            user = "system:serviceaccount:monitoring:recoverd"
            status, document = 403, {"kind": "Status", "status": "Failure", "reason": "Forbidden", "code": 403,
                                     "message": f'{name} is forbidden: User "{user}" cannot list resource "{name}"'}
        elif name not in self.objects:
            status, document = 404, {"kind": "Status", "status": "Failure", "code": 404}
        else:
            # Smaller pages than are asked for, as it may.
            objects = list(self.objects[name].values())
            begin = int(query.get("continue", ["0"])[0])
            metadata = {"resourceVersion": "1"}
            if len(objects) > begin + 3:
                metadata["continue"] = str(begin + 3)
            document = {"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": objects[begin:begin + 3]}
        request.answer(status, json.dumps(document).encode(), {"Content-Type": "application/json"})
