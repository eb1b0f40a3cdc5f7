# SPDX-License-Identifier: Apache-2.0
"""Somebody who does something all the time, as long as a with-block lasts."""

import threading


class Background:
    """A subclass does it in `_run`, and returns soon after `_over` is set."""

    def __init__(self):
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
