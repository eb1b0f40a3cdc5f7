#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Refuses the coroutines that g++ 12 miscompiles or that outlive what they captured. They pass review and most tests.

Reads text, not C++: enough for this code base as clang-format leaves it. Its own examples run first, every time.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("core", "io", "collectors", "exporters", "agent", "worker", "tests")

CONDITION = "name what is awaited before asking about it: g++ 12 lays out the frame of an awaiting condition wrongly"
HALFWAY = "no await behind ?, && or ||: g++ 12 destroys temporaries that were never made"
BRACES = "name the argument before co_await: g++ 12 destroys what braces make there twice"
CATCH = "no await in a catch block: the exception being handled belongs to the thread, not to the coroutine"
CAPTURE = "a lambda with captures may not be a coroutine: its captures die with the lambda"

NOISE = re.compile(r'R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'|//[^\n]*|/\*.*?\*/', re.S)
WORD = re.compile(r"\bco_(?:await|return|yield)\b")
HEADER = re.compile(r"\b(?:if(?:\s+constexpr)?|while|for|switch)\s*$")
CATCHES = re.compile(r"\bcatch\s*\([^()]*\)\s*$")
LAMBDA = re.compile(r"(?<![\w\])\[])\[([^\[\]]*)\]\s*(?:<[^{}()]*>\s*)?(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\s*)?"
                    r"(?:mutable\s*|noexcept\s*|static\s*)*(?:->[^;{}]*)?$")
CLOSED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
PAIR = {")": "(", "]": "[", "}": "{"}


def without_noise(text: str) -> str:
    """Blanks comments and literals; every line stays where it is."""
    return NOISE.sub(lambda found: "0" + re.sub(r"[^\n]", " ", found[0])[1:], text)


def operand(text: str, start: int) -> str:
    depth = 0
    for end in range(start, len(text)):
        if text[end] in "([{":
            depth += 1
        elif text[end] in ")]}":
            depth -= 1
        if depth < 0 or (depth == 0 and text[end] in ";,"):
            return text[start:end]
    return text[start:]


def has_braced_value(awaited: str) -> bool:
    """Braces that are no lambda's body make a value."""
    at = awaited.find("{")
    while at >= 0:
        if not LAMBDA.search(awaited[:at]):
            return True
        at += 1
        depth = 1
        while depth and at < len(awaited):
            depth += {"{": 1, "}": -1}.get(awaited[at], 0)
            at += 1
        at = awaited.find("{", at)
    return False


def told_apart(before: str) -> bool:
    """Whether what stands before an await in its statement decides if it is reached at all."""
    statement = re.split(r"[;{}]", before)[-1]
    while (shorter := CLOSED.sub("", statement)) != statement:
        statement = shorter
    return re.search(r"\?|\s&&\s|\|\|", statement.rsplit("(", 1)[-1]) is not None


def faults(text: str) -> list[tuple[int, str]]:
    text = without_noise(text)
    found = []
    open_at: list[int] = []
    words = {word.start(): word for word in WORD.finditer(text)}
    for at, letter in enumerate(text):
        if letter in "([{":
            open_at.append(at)
        elif letter in PAIR and open_at and text[open_at[-1]] == PAIR[letter]:
            open_at.pop()
        elif at in words:
            found += [(text.count("\n", 0, at) + 1, why) for why in reasons(text, open_at, words[at])]
    return found


def reasons(text: str, open_at: list[int], word: re.Match) -> list[str]:
    found = []
    awaits = word[0] != "co_return"
    if awaits and has_braced_value(operand(text, word.end())):
        found.append(BRACES)
    if awaits and told_apart(text[max(0, word.start() - 2000):word.start()]):
        found.append(HALFWAY)
    for opened in reversed(open_at):
        before = text[max(0, opened - 1000):opened]
        if text[opened] == "(" and awaits and HEADER.search(before):
            found.append(CONDITION)
        if text[opened] == "{" and (closure := LAMBDA.search(before)):
            return found + ([CAPTURE] if closure[1].strip() else [])
        if text[opened] == "{" and awaits and CATCHES.search(before):
            found.append(CATCH)
    return found


EXAMPLES = {
    "if (!co_await ready(x)) return;": CONDITION,
    "if (auto sent = co_await write(x); !sent)": CONDITION,
    "while (n > f(co_await next())) {": CONDITION,
    "for (const auto& one : co_await all()) {": CONDITION,
    "x = good ? co_await ready() : 0;": HALFWAY,
    "const bool both = a && co_await ready();": HALFWAY,
    "co_await send(Request{.url = u});": BRACES,
    "co_await send(std::move(a), {});": BRACES,
    "try { f(); } catch (const E& e) { if (x) { co_await g(); } }": CATCH,
    "spawn([&] { co_return; });": CAPTURE,
    "const auto ask = [world, n = 3](int x) -> Task<void> { co_await world.get(x); };": CAPTURE,
    # These are as they should be.
    'if (a && b) co_return co_await f("{ ? && co_await");': None,
    "auto&& [a, b] = co_await f(x[i], [&](int v) { return g(v) || h({v}); });": None,
    "spawn([](World* w) -> Task<void> { co_await w->get(); }(&w)); // co_await {}": None,
    "try { f(); } catch (...) { bad = true; } if (bad) co_await g(1'000, 'a');": None,
    "const auto f = [&](int i) { return i; }; co_await g(f(1));": None,
}


def main() -> int:
    for example, expected in EXAMPLES.items():
        seen = {why for _, why in faults(example)}
        if seen != ({expected} if expected else set()):
            print(f"coroutines.py is broken: {example}\n  expected {expected}, found {sorted(seen)}")
            return 1
    files = sorted(p for folder in FOLDERS for p in (ROOT / folder).rglob("*.[ch]pp"))
    found = [f"{path.relative_to(ROOT)}:{line}: {why}" for path in files for line, why in faults(path.read_text())]
    awaits = sum(len(WORD.findall(without_noise(path.read_text()))) for path in files)
    print("\n".join(found) or f"{awaits} awaits and returns in coroutines are such that they may be")
    return 1 if found or awaits < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
