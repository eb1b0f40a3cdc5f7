# SPDX-License-Identifier: Apache-2.0
"""A certificate authority on this machine: what it issues may have begun long ago, or be over."""

from datetime import datetime, timedelta, timezone
from itertools import count

from .process import run

CONFIG = """
[ca]
default_ca = own
[own]
dir = {directory}
database = {directory}/index
new_certs_dir = {directory}
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
[req]
distinguished_name = nothing
prompt = no
[nothing]
[authority]
basicConstraints = critical, CA:true
[server]
basicConstraints = critical, CA:false
"""


def moment(from_now):
    return (datetime.now(timezone.utc) + from_now).strftime("%Y%m%d%H%M%SZ")


class Authority:
    """Signs itself, or is signed by `parent`: then it is an intermediate one, which servers have to show."""

    _numbers = count()

    def __init__(self, directory, name, parent=None):
        self.directory = directory / name
        # Made by the servers' user, who runs openssl.
        run(["mkdir", self.directory])
        self._config = self.directory / "openssl.cnf"
        self._config.write_text(CONFIG.format(directory=self.directory), encoding="utf-8")
        (self.directory / "index").touch()
        self.key = self._new_key(name)
        self.certificate = self._signed(parent or self, name, self.key, "authority", timedelta(days=-30),
                                        timedelta(days=3650), own=not parent)

    def _new_key(self, name):
        key = self.directory / f"{name}.key"
        run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key])
        return key

    def _signed(self, authority, name, key, extensions, begins, ends, own=False, alternative=None):
        """A certificate for `key`; moments count from now."""
        base = self.directory / f"{name}-{next(self._numbers)}"
        more = ["-addext", f"subjectAltName=DNS:{alternative}"] if alternative else []
        run(["openssl", "req", "-new", "-config", self._config, "-key", key, "-subj", f"/CN={name}", *more,
             "-out", f"{base}.csr"])
        by = ["-selfsign"] if own else ["-cert", authority.certificate]
        run(["openssl", "ca", "-batch", "-notext", "-config", authority._config, "-keyfile", authority.key, *by,
             "-extensions", extensions, "-startdate", moment(begins), "-enddate", moment(ends),
             "-in", f"{base}.csr", "-out", f"{base}.pem"])
        return base.with_name(f"{base.name}.pem")

    def issue(self, name, begun_days_ago, ends_in_days):
        """Certificate and key of a server of this name, in one file."""
        key = self._new_key(f"{name}-{next(self._numbers)}")
        certificate = self._signed(self, name, key, "server", timedelta(days=-begun_days_ago),
                                   timedelta(days=ends_in_days), alternative=name)
        both = certificate.with_suffix(".both")
        both.write_text(certificate.read_text(encoding="utf-8") + key.read_text(encoding="utf-8"), encoding="utf-8")
        return both
