# SPDX-License-Identifier: Apache-2.0
"""What a collector looks at, for a round of it to be measured."""

from servers.web_server import Handler, WebServer


class Asked:
    """Each has the name of its `collector`, words for `what` is looked at, and the options of its `check`."""

    collector = what = ""
    # So many checks look at the same, each once in so many seconds: what one round costs is too little to be seen.
    copies, every = 10, 1
    # One of what `asked` counts, where that is not a request.
    unit = ""

    def __init__(self):
        # Appending is one step for threads, adding one is not.
        self._seen = []

    def seen(self):
        self._seen.append(None)

    @property
    def asked(self):
        """So far; None where nobody counts."""
        return len(self._seen)

    def prepare(self, agent):
        """What it needs besides its configuration, before it is started."""

    def stop(self):
        """Ends what runs; of files nothing does."""


class Scripted(WebServer, Asked):
    """A web server that says in `document` what it answers a path with, and counts."""

    kind = "application/json"

    def __init__(self):
        Asked.__init__(self)
        source = self

        class Site(Handler):
            def do_GET(self):
                source.seen()
                self.answer(200, source.document(self.path.partition("?")[0]), {"Content-Type": source.kind})

        self.url = self.serve(Site)

    def document(self, path):
        raise NotImplementedError


def secret_file(bench, name, words):
    """As an option of a check."""
    file = bench.directory / name
    file.write_text(words, encoding="utf-8")
    return {"file": file}
