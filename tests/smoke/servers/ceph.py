# SPDX-License-Identifier: Apache-2.0
"""A gateway of Ceph that speaks S3, over a store in memory: one monitor, one OSD, no manager."""

import re
import signal
import uuid

from .http import answers
from .process import Process, complete, free_port, program, run

CONFIG = """\
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{v2},v1:127.0.0.1:{v1}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
keyring = {root}/keyring
run dir = {root}
admin socket =
pid file =
log file =
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail crit = 1
[mon.a]
mon data = {root}/mon
[osd.0]
osd data = {root}/osd
osd objectstore = memstore
osd class load list = *
osd class default list = *
[client.admin]
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw lc debug interval = 0
"""


class Ceph:
    KEY, SECRET = "OWNER", "secret/of+the=owner"

    def __init__(self, directory):
        self._root = directory / "ceph"
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._config = self._root / "ceph.conf"
        self._running = []

    def _start(self, name, *words):
        process = Process([program(name), "-c", self._config, "-f", *words], self._root / f"{name}.log")
        self._running.append(process)
        return process

    def _admin(self, *words):
        return run([program("radosgw-admin"), "-c", self._config, *words])

    def start(self):
        for folder in ("mon", "osd"):
            run(["mkdir", "-p", self._root / folder])
        fsid, osd = uuid.uuid4(), uuid.uuid4()
        v2, v1 = free_port(), free_port()
        self._write(self._config, CONFIG.format(fsid=fsid, v2=v2, v1=v1, root=self._root, port=self._port))
        keyring, monmap = self._root / "keyring", self._root / "monmap"
        for name, caps in (("mon.", ["mon", "allow *"]),
                           ("client.admin", ["mon", "allow *", "osd", "allow *", "mgr", "allow *"]),
                           ("osd.0", ["mon", "allow profile osd", "osd", "allow *"])):
            words = [word for pair in zip(caps[::2], caps[1::2]) for word in ("--cap", *pair)]
            create = [] if name != "mon." else ["--create-keyring"]
            run([program("ceph-authtool"), *create, keyring, "--gen-key", "-n", name, *words])
        run([program("monmaptool"), "--create", "--fsid", fsid, "--addv", "a",
             f"[v2:127.0.0.1:{v2},v1:127.0.0.1:{v1}]", monmap])
        run([program("ceph-mon"), "-c", self._config, "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", keyring])
        self._start("ceph-mon", "-i", "a")
        run([program("ceph"), "-c", self._config, "osd", "new", osd])
        run([program("ceph-osd"), "-c", self._config, "-i", "0", "--mkfs", "--osd-uuid", osd])
        self._start("ceph-osd", "-i", "0")
        self.start_gateway()
        self._admin("user", "create", "--uid=owner", "--display-name=owner", f"--access-key={self.KEY}",
                    f"--secret={self.SECRET}")

    @staticmethod
    def _write(path, text):
        """As the servers' user, whose folder it is."""
        done = complete(["tee", path], text_in=text)
        assert done.returncode == 0, done.stderr

    def start_gateway(self):
        self._gateway = self._start("radosgw", "-n", "client.admin")
        self._gateway.until_ready(lambda: answers(self.url), "the gateway")

    def stop_gateway(self):
        self._running.remove(self._gateway)
        self._gateway.stop(signal.SIGKILL)

    def set_secret(self, secret):
        self._admin("key", "create", "--uid=owner", "--key-type=s3", f"--access-key={self.KEY}", f"--secret={secret}")

    def call(self, verb, path, body=None, **headers):
        """A signed request: what comes back, headers and body."""
        words = [program("curl"), "-sS", "-i", "--fail-with-body", "-X", verb, "--aws-sigv4", "aws:amz:us-east-1:s3",
                 "-u", f"{self.KEY}:{self.SECRET}", "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"]
        for name, value in headers.items():
            words += ["-H", f"{name.replace('_', '-')}: {value}"]
        # Without a body curl says nothing of its length, on which the gateway insists.
        words += ["--data-binary", body or ""] if verb == "PUT" else []
        return run([*words, self.url + path])

    def stop(self):
        # The gateway waits for the monitor when that is gone first.
        for process in reversed(self._running):
            process.stop(signal.SIGKILL)


class Bucket:
    """One that keeps what is put into it, as a careful administrator sets it up."""

    def __init__(self, ceph, name, object_lock=False):
        self._ceph = ceph
        self.name = name
        ceph.call("PUT", f"/{name}", **({"x_amz_bucket_object_lock_enabled": "true"} if object_lock else {}))

    def put(self, key, body):
        """Returns the version's id."""
        answer = self._ceph.call("PUT", f"/{self.name}/{key}", body)
        found = re.search(r"^x-amz-version-id: (\S+)", answer, re.MULTILINE | re.IGNORECASE)
        return found and found[1]

    def delete(self, key, version=None):
        """Returns the delete marker's id, when there is one."""
        suffix = f"?versionId={version}" if version else ""
        answer = self._ceph.call("DELETE", f"/{self.name}/{key}{suffix}")
        return re.search(r"^x-amz-version-id: (\S+)", answer, re.MULTILINE | re.IGNORECASE)[1]

    def versioning(self, status):
        self._ceph.call("PUT", f"/{self.name}?versioning=",
                        f"<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>")

    def lifecycle(self, days):
        """Older versions go after so many days; none: never."""
        if days is None:
            self._ceph.call("DELETE", f"/{self.name}?lifecycle=")
            return
        expires = f"<NoncurrentDays>{days}</NoncurrentDays>"
        self._ceph.call("PUT", f"/{self.name}?lifecycle=",
                        "<LifecycleConfiguration><Rule><ID>old</ID><Filter><Prefix></Prefix></Filter>"
                        f"<Status>Enabled</Status><NoncurrentVersionExpiration>{expires}"
                        "</NoncurrentVersionExpiration></Rule></LifecycleConfiguration>")

    def acl(self, canned):
        self._ceph.call("PUT", f"/{self.name}?acl=", x_amz_acl=canned)

    def default_retention(self, mode, days):
        """None: what is put is not locked any more."""
        retention = f"<DefaultRetention><Mode>{mode}</Mode><Days>{days}</Days></DefaultRetention>"
        rule = f"<Rule>{retention}</Rule>" if mode else ""
        self._ceph.call("PUT", f"/{self.name}?object-lock=",
                        f"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>{rule}"
                        "</ObjectLockConfiguration>")
