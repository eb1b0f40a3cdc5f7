# SPDX-License-Identifier: Apache-2.0
"""Plain requests to servers on this machine."""

import json
import socket
import urllib.error
import urllib.request

# Never through a proxy of the environment.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(url, timeout=10):
    with _opener.open(url, timeout=timeout) as answer:
        return answer.read().decode()


def get_json(url):
    return json.loads(get(url))


def answers(url):
    """Whether it says 200 by now."""
    try:
        get(url, timeout=2)
        return True
    except OSError:
        return False


def accepts(port):
    """Whether somebody listens there by now."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            return True
    except OSError:
        return False


def post_json(url, document):
    """Status and body."""
    request = urllib.request.Request(url, json.dumps(document).encode(), {"Content-Type": "application/json"})
    try:
        with _opener.open(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
