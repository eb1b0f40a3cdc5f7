# SPDX-License-Identifier: Apache-2.0
"""A web configuration as Prometheus' exporters have it: promtool takes it, and clients find that it is kept."""

import http.client
import ssl

from servers.certificates import Authority
from servers.process import complete, program, until

LIFE = {"begun_days_ago": 1, "ends_in_days": 30}
# Every key that Debian's promtool knows.
KNOWN = """
tls_server_config:
  cert_file: {server}
  key_file: {server}
  client_ca_file: {authority}
  client_auth_type: RequireAndVerifyClientCert
  min_version: TLS12
  max_version: TLS13
  prefer_server_cipher_suites: true
  cipher_suites:
    - TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
    - TLS_AES_128_GCM_SHA256
  curve_preferences:
    - CurveP384
    - CurveP256
http_server_config:
  http2: true
  headers:
    X-Frame-Options: deny
basic_auth_users:
"""
NAMES = """  client_allowed_sans:
    - 10.0.0.1
    - scraper.example
"""
NEWER = KNOWN.replace("  min_version", NAMES + "  min_version") + """
rate_limit:
  interval: 1h
  burst: 3
"""
SUITE = "ECDHE-ECDSA-AES256-GCM-SHA384"


class Port:
    """The agent's, as those see it who know the authority behind its certificate."""

    def __init__(self, agent, authority, web):
        self._agent, self._authority, self._web = agent, authority, web

    def follows(self, text):
        """At once, or not at all: a configuration that is half written is none."""
        new = self._web.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        new.chmod(0o644)
        new.rename(self._web)

    def status(self, client=None, ciphers=None):
        """Of a page; None when TLS does not let such a client in. `ciphers` are of TLS 1.2, which it then speaks."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self._authority.certificate)
        if client:
            context.load_cert_chain(client)
        if ciphers:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers(ciphers)
        connection = http.client.HTTPSConnection("127.0.0.1", self._agent.port, timeout=10, context=context)
        try:
            connection.request("GET", "/-/healthy")
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()


def test_a_file_that_was_written_for_an_exporter_is_used_as_it_is(site):
    ours, theirs = (Authority(site.directory, f"web-{whose}") for whose in ("ours", "theirs"))
    server, scraper, other = (ours.issue(f"{name}.example", **LIFE) for name in ("agent", "scraper", "other"))
    stranger = theirs.issue("scraper.example", **LIFE)
    files = {"server": server, "authority": ours.certificate}
    web = site.directory / "exporter-web.yml"
    port = Port(site.agent, ours, web)
    port.follows(KNOWN.format(**files))
    checked = complete([program("promtool"), "check", "web-config", web])
    assert checked.returncode == 0, checked.stdout + checked.stderr

    # It begins without TLS, so that it is seen to begin.
    port.follows("# nothing yet\n")
    site.agent.arguments = [f"--web.config.file={web}"]
    try:
        site.agent.begin(site.config())
    finally:
        site.agent.arguments = []
    port.follows(KNOWN.format(**files))
    until(lambda: port.status(scraper) == 200, "it speaks TLS")
    assert port.status(other) == 200
    assert port.status() is None and port.status(stranger) is None
    assert port.status(scraper, SUITE) == 200
    assert port.status(scraper, "ECDHE-ECDSA-AES128-GCM-SHA256") is None

    port.follows(NEWER.format(**files))
    until(lambda: port.status(other) is None, "names of clients count")
    assert [port.status(scraper) for _ in range(4)] == [200, 200, 200, 429]

    # What cannot be kept changes nothing, and is told.
    port.follows("rate_limit: {interval: 10, burst: 1}\n")
    until(lambda: port.status(other) is None and "expected a duration for 'interval', found '10'" in site.agent.log(),
          "the mistake is in the log")
    assert port.status(scraper) == 429
