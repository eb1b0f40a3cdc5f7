# SPDX-License-Identifier: Apache-2.0
"""What the shells make of the completions that are installed: each is asked as if somebody pressed the tabulator."""

import os
import pty
import subprocess

import pytest

from servers.process import PATIENCE, program, until
from test_systemd_unit import install

pytestmark = pytest.mark.ci

# It tells of every word that zsh offers, and of every line that zsh begins to read: what is typed before that, the
# terminal keeps and edits itself.
ZSHRC = """
PROMPT=
fpath=({folder}/usr/share/zsh/site-functions $fpath)
autoload -Uz compinit && compinit -u -D
compadd() {{
    local -a offered
    if [[ ${{@[1,(i)(-|--)]}} != *-[OAD]* ]]; then
        builtin compadd -O offered "$@"
        (( $#offered )) && print -l -- $offered >>{told}
    fi
    builtin compadd "$@"
}}
zle-line-init() print reads >>{told}
zle -N zle-line-init
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return install(tmp_path_factory.mktemp("completions"))


def said(*argv):
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=PATIENCE, check=True,
                          stdin=subprocess.DEVNULL)
    assert not done.stderr, done.stderr
    return set(done.stdout.split("\n")) - {""}


def bash(folder, words):
    script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _recoverd; '
              '((${#COMPREPLY[@]} == 0)) || printf "%s\\n" "${COMPREPLY[@]}"')
    return said(program("bash"), "-uc", script, "bash", folder / "usr/share/bash-completion/completions/recoverd", *words)


def fish(folder, words):
    script = f"source {folder}/usr/share/fish/vendor_completions.d/recoverd.fish; complete -C '{' '.join(words)}'"
    return {line.split("\t")[0] for line in said(program("fish"), "--no-config", "-c", script)}


def lines_of(file):
    return file.read_text(encoding="utf-8").splitlines()


def zsh(folder, words):
    told = folder / "told"
    told.write_text("", encoding="utf-8")
    (folder / ".zshrc").write_text(ZSHRC.format(folder=folder, told=told), encoding="utf-8")
    keyboard, terminal = pty.openpty()
    shell = subprocess.Popen([program("zsh"), "-i"], stdin=terminal, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             start_new_session=True, env={"PATH": os.environ["PATH"], "ZDOTDIR": str(folder), "TERM": "dumb",
                                                          "HOME": str(folder), "LC_ALL": "C.UTF-8"})
    try:
        until(lambda: lines_of(told) == ["reads"], "zsh reads what is typed")
        # Takes the line back that was completed; the next one begins when that is done.
        os.write(keyboard, f"{' '.join(words)}\t\x15\n".encode())
        until(lambda: lines_of(told).count("reads") == 2, lambda: f"zsh is done, found {lines_of(told)}")
    finally:
        shell.kill()
        shell.wait()
        os.close(keyboard)
        os.close(terminal)
    return set(lines_of(told)) - {"reads"}


SHELLS = pytest.mark.parametrize("shell", [bash, fish, zsh])


@SHELLS
@pytest.mark.parametrize("words, offered", [
    (["recoverd", "con"], {"config"}),
    (["recoverd", "config", ""], {"check", "show", "schema"}),
    (["recoverd", "run", "--log.format", ""], {"logfmt", "json", "journal"}),
    (["recoverd", "run", "--storage.path", "/x", "--log.l"], {"--log.level"}),
    (["recoverd", "collectors", "sys"], {"systemd_unit"}),
    (["recoverd", "explain", "BackupTooO"], {"BackupTooOld"}),
    # It is not `recoverd check`, which has --output.
    (["recoverd", "config", "check", "--"], {"--config.file", "--help"}),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_what_can_be_typed_is_offered_and_nothing_else(folder, shell, words, offered):
    assert shell(folder, words) == offered


@SHELLS
def test_there_is_nothing_to_offer_for_what_does_not_exist(folder, shell):
    assert shell(folder, ["recoverd", "no-such-command", "--sc"]) == set()


def test_a_value_behind_an_equals_sign_is_offered_by_bash(folder):
    # Three words, as bash splits them.
    assert bash(folder, ["recoverd", "check", "--output", "=", "n"]) == {"nagios"}
    assert bash(folder, ["recoverd", "check", "--output", "="]) == {"table", "json", "nagios"}


def test_behind_the_dashes_it_is_as_if_that_command_had_been_typed(folder):
    assert "dpkg-deb" in bash(folder, ["recoverd", "outcome", "--asset", "x", "--", "dpkg-de"])
    assert "passwd" in zsh(folder, ["recoverd", "outcome", "--asset", "x", "--", "ls", "--all", "/etc/passw"])
    # There, too, and not --asset: it belongs to the other command.
    assert zsh(folder, ["recoverd", "outcome", "--", "ls", "--asse"]) == set()
