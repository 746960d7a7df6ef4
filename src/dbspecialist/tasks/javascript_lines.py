"""Where statements of JavaScript and TypeScript begin, told by their brackets.

A statement goes on while a bracket that it has opened is open, or a template literal; a block of
statements in one of its brackets (a function that is handed over) has statements of its own.
"""

from __future__ import annotations

import re

#: What is neither code nor a comment; a string ends with its line.
PARTS = re.compile(
    r"""//[^\n]*|/\*.*?\*/|(?P<text>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)""",
    re.DOTALL,
)
_TOKEN = re.compile(rf"(?s:{PARTS.pattern})|(?P<mark>[()\[\]{{}}])|(?P<line>\n)|(?P<code>[^\s])")
#: Behind these a brace opens an object, behind anything else a block.
_BEFORE_OBJECTS = frozenset("(,:=[?&|+!")
_CLOSES = {")": "(", "]": "[", "}": "{"}


def javascript_begins(text: str) -> dict[int, int]:
    """Return the first line of the statement that stands on a line, where it is another line."""
    begins: dict[int, int] = {}
    opened: list[tuple[str, int]] = []  # brackets, "block" for blocks, and where each began
    line, first, before = 1, 0, ""
    for found in _TOKEN.finditer(text):
        written = found[0]
        if found["line"]:
            line += 1
            first = first if _is_inside(opened) else 0
            continue
        if written.startswith(("//", "/*")):
            line += written.count("\n")
            continue
        first = first or line
        last = line + written.count("\n")
        if written in _CLOSES:
            while opened and opened.pop()[0] not in {_CLOSES[written], _block(written)}:
                pass
            first = first if _is_inside(opened) else min(first, line)
        begins.update({number: first for number in range(line, last + 1) if number != first})
        if found["mark"] and written not in _CLOSES:
            is_block = written == "{" and before not in _BEFORE_OBJECTS
            opened.append(("block" if is_block else written, first))
            first = 0 if is_block else first
        elif written == "}":
            first = opened[-1][1] if _is_inside(opened) else 0
        elif written == ";" and not _is_inside(opened):
            first = 0
        before, line = written[-1], last
    return begins


def _block(written: str) -> str:
    return "block" if written == "}" else ""


def _is_inside(opened: list[tuple[str, int]]) -> bool:
    return bool(opened) and opened[-1][0] != "block"
