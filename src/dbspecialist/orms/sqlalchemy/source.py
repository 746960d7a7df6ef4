"""One Python file with the places of its nodes, and replacements in its text.

libcst tells where a node stands; everything outside of a replacement stays byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

from dbspecialist.facts.errors import InputError


class Source:
    """A file's text; replacements are collected and made at once."""

    def __init__(self, path: str, text: str) -> None:
        self.path, self.text = path, text
        self._bytes = text.encode()
        try:
            module = cst.parse_module(text)
        except cst.ParserSyntaxError as error:
            place = f"{path}:{error.raw_line}"
            raise InputError("it is no Python that parses", place, "mend it") from error
        self.tree = module
        self._patches: list[tuple[int, int, str]] = []

    @cached_property
    def _spans(self) -> Mapping[cst.CSTNode, Any]:
        # Made when they are first asked for: it takes ten times as long as the parsing.
        wrapper = MetadataWrapper(self.tree, unsafe_skip_copy=True)
        return wrapper.resolve(ByteSpanPositionProvider)

    def start(self, node: cst.CSTNode) -> int:
        """Return the offset, in bytes, where a node begins."""
        return int(self._spans[node].start)

    def end(self, node: cst.CSTNode) -> int:
        """Return the offset, in bytes, behind a node."""
        return self.start(node) + int(self._spans[node].length)

    def code(self, node: cst.CSTNode) -> str:
        """Return a node's text."""
        return self.between(self.start(node), self.end(node))

    def between(self, start: int, end: int) -> str:
        """Return the text between two offsets."""
        return self._bytes[start:end].decode()

    def line(self, node: cst.CSTNode) -> int:
        """Return the line of a node, from 1."""
        return self._bytes.count(b"\n", 0, self.start(node)) + 1

    def place(self, node: cst.CSTNode) -> str:
        """Return a node's place as errors tell it."""
        return f"{self.path}:{self.line(node)}"

    def line_start(self, offset: int) -> int:
        """Return the offset of the beginning of a line."""
        return self._bytes.rfind(b"\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Return the offset behind a line's end."""
        found = self._bytes.find(b"\n", offset)
        return len(self._bytes) if found < 0 else found + 1

    def indent(self, node: cst.CSTNode) -> str:
        """Return the white space that a node's line begins with."""
        start = self.line_start(self.start(node))
        line = self.between(start, self.start(node))
        return line[: len(line) - len(line.lstrip())]

    @cached_property
    def newline(self) -> str:
        """How the file ends its lines."""
        return self.tree.default_newline

    def put(self, start: int, end: int, text: str) -> None:
        """Replace what stands between two offsets."""
        self._patches.append((start, end, text.replace("\n", self.newline)))

    def replace(self, node: cst.CSTNode, text: str) -> None:
        """Replace a node."""
        self.put(self.start(node), self.end(node), text)

    def insert_line_after(self, node: cst.CSTNode, text: str) -> None:
        """Insert whole lines below the last line of a node."""
        at = self.line_end(self.end(node))
        lead = "" if self.between(0, at).endswith("\n") else "\n"
        self.put(at, at, f"{lead}{text}\n")

    def drop_lines(self, first: cst.CSTNode, last: cst.CSTNode | None = None) -> None:
        """Remove the lines of a node, or of those from one to another."""
        start = self.line_start(self.start(first))
        self.put(start, self.line_end(self.end(last or first)), "")

    def patched(self) -> str:
        """Return the text with the replacements."""
        done, at = [], 0
        for start, end, new in sorted(self._patches, key=lambda item: item[:2]):
            if start < at:
                raise AssertionError(f"two replacements overlap in {self.path}")
            done += [self._bytes[at:start].decode(), new]
            at = end
        return "".join([*done, self._bytes[at:].decode()])


def last_name(node: cst.BaseExpression) -> str:
    """Return the last part of a dotted name, "" where a node is none."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return ""


def called(node: cst.CSTNode | None) -> str:
    """Return the last part of the name that a call calls, "" for anything else."""
    return last_name(node.func) if isinstance(node, cst.Call) else ""


def text_value(node: cst.CSTNode | None) -> str | None:
    """Return the value of a string constant, or nothing."""
    if isinstance(node, cst.SimpleString | cst.ConcatenatedString):
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    return None


def keyword(call: cst.Call, name: str) -> cst.Arg | None:
    """Return a call's argument of that name."""
    return next((arg for arg in call.args if arg.keyword and arg.keyword.value == name), None)


def positional(call: cst.Call) -> list[cst.Arg]:
    """Return a call's arguments without names."""
    return [arg for arg in call.args if arg.keyword is None and not arg.star]


def strings_in(node: cst.CSTNode) -> Iterator[cst.SimpleString]:
    """Yield the string constants within a node."""
    found: list[cst.SimpleString] = []

    class Visitor(cst.CSTVisitor):
        def visit_SimpleString(self, node: cst.SimpleString) -> None:  # noqa: N802 - libcst's name
            found.append(node)

    node.visit(Visitor())
    yield from found


def body_of(node: cst.ClassDef) -> Sequence[Any]:
    """Return a class's statements."""
    return node.body.body
