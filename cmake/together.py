#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes few sources that include many: together.py LINES FOLDER SOURCE...

Most of what a compiler does for a source of 120 lines is to read and make the standard library's templates once more. Sources that
are one translation unit share that. What one of them keeps for itself, in `namespace {`, must then mean nothing to the others:
those that would mind stand apart. CMake's own UNITY_BUILD knows nothing of that, and writes where the checkout is.

Each holds up to LINES lines of theirs and is named after the first. Prints the paths, separated by semicolons.
"""
import functools
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^#include "(.*)"$', re.MULTILINE)
OPENED = re.compile(r"^using namespace ([\w:]+);$", re.MULTILINE)
NAMED = re.compile(r"^(?:inline )?namespace ([\w:]+) \{$", re.MULTILINE)
BROUGHT = re.compile(r"^using [\w:]+::(\w+);$", re.MULTILINE)
# clang-format writes the name of a namespace at its end.
PRIVATE = re.compile(r"^namespace \{$(.*?)^\} // namespace$", re.MULTILINE | re.DOTALL)
TYPE = re.compile(r"^(?:struct|class|enum class|enum|union|concept)\s+(\w+)")
ALIAS = re.compile(r"^(?:using|namespace)\s+(\w+)\s*=")
DECLARES_NOTHING = ("template", "requires", "static_assert", "using", "namespace", "}", "#", ")", "public:", "private:")
NAME = re.compile(r"[A-Za-z_]\w*")
ASIDE = re.compile(r'//[^\n]*|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"', re.DOTALL)
# After these a name is looked up where they say.
ELSEWHERE = re.compile(r"(?:::|\.|->)\s*(?:template\s+)?[A-Za-z_]\w*")


def declared(line: str) -> str | None:
    """The name that a line at the outermost level of a namespace declares."""
    line = re.sub(r"^\[\[.*?\]\]\s*", "", line)
    if found := TYPE.match(line) or ALIAS.match(line):
        return found[1]
    if not line or line[0].isspace() or line.startswith(DECLARES_NOTHING):
        return None
    names = NAME.findall(re.split(r"[(={;\[]", line)[0])
    return names[-1] if names else None


def all_declared(text: str) -> set[str]:
    return {name for line in ASIDE.sub('""', text).splitlines() if (name := declared(line))}


class Text:
    """What a file says, as far as it matters to those that are compiled with it."""

    def __init__(self, path: pathlib.Path):
        text = path.read_text(encoding="utf-8")
        self.lines = text.count("\n")
        self.includes = INCLUDE.findall(text)
        self.opens = set(OPENED.findall(text))
        self.namespaces = set(NAMED.findall(text)) | self.opens or {""}
        self.keeps = {name for block in PRIVATE.findall(text) for name in all_declared(block)}
        self.brings = set(BROUGHT.findall(text))
        self.declares = all_declared(text)
        self.uses = set(NAME.findall(ELSEWHERE.sub(" ", ASIDE.sub('""', text)))) | self.keeps

    def is_near(self, other: "Text") -> bool:
        """Whether one of them looks names up where the other one declares them."""
        return any(
            "" in (one, two) or one == two or one.startswith(two + "::") or two.startswith(one + "::")
            for one in self.namespaces
            for two in other.namespaces
        )


class Source(Text):
    def __init__(self, path: pathlib.Path):
        super().__init__(path)
        self.path = path
        self.headers: set[pathlib.Path] = set()
        self.read_headers(self)

    def read_headers(self, text: Text) -> None:
        for name in text.includes:
            path = ROOT / name
            if path not in self.headers and path.is_file():
                self.headers.add(path)
                self.read_headers(header(path))

    def minds(self, other: "Source") -> bool:
        """Whether what the other one keeps means something else to it, or to a header that it reads."""
        if self.is_near(other) and not other.keeps.isdisjoint(self.uses):
            return True
        read = [header(path) for path in self.headers]
        known = self.uses & set().union(*(text.declares for text in read))
        # What the other one opens is open to this one, too: a name that it knows would mean two things.
        if any(
            not text.declares.isdisjoint(known) and not text.namespaces.isdisjoint(other.opens - self.namespaces)
            for text in map(header, other.headers - self.headers)
        ):
            return True
        return any(
            not other.keeps.isdisjoint(text.declares) and text.is_near(other)
            or not other.brings.isdisjoint(text.declares) and not other.namespaces.isdisjoint(text.namespaces)
            for text in read
        )


@functools.cache
def header(path: pathlib.Path) -> Text:
    return Text(path)


def groups(sources: list[Source], lines: int) -> list[list[Source]]:
    """First fit, in the order of the paths: a new source moves few others."""
    made: list[list[Source]] = []
    for source in sources:
        for group in made:
            if sum(s.lines for s in group) + source.lines <= lines and not any(
                source.minds(other) or other.minds(source) for other in group
            ):
                group.append(source)
                break
        else:
            made.append([source])
    return made


def written(folder: pathlib.Path, group: list[Source]) -> pathlib.Path:
    """Named after the first, and left alone when it is as it was, so that what did not change is not compiled again."""
    path = folder / "-".join(group[0].path.relative_to(ROOT).parts)
    text = "".join(f'#include "{source.path.relative_to(ROOT)}"\n' for source in group)
    if not path.is_file() or path.read_text() != text:
        path.write_text(text)
    return path


def take_rules(folder: pathlib.Path, source: Source) -> None:
    """clang-tidy looks for the rules of a source beside it and above: those of the folder these are from lie here too."""
    above = [place / ".clang-tidy" for place in source.path.parents if ROOT in place.parents]
    rules = next((path.read_text() for path in above if path.is_file()), "InheritParentConfig: true\n")
    (folder / ".clang-tidy").write_text(rules)


def main() -> None:
    lines, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    sources = [Source(pathlib.Path(path)) for path in sorted(sys.argv[3:])]
    folder.mkdir(parents=True, exist_ok=True)
    take_rules(folder, sources[0])
    print(";".join(str(written(folder, group)) for group in groups(sources, lines)))


if __name__ == "__main__":
    main()
