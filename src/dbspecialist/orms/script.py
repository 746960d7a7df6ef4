"""One TypeScript or JavaScript file with its tree, and replacements in its text.

tree-sitter tells where a node stands; everything outside of a replacement stays byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.node.typescript_tree import UntranslatableError, parse, text_of
from dbspecialist.toolchains.walk import folders

if TYPE_CHECKING:
    from tree_sitter import Node

SCRIPTS = frozenset({".ts", ".mts", ".cts", ".js", ".mjs", ".cjs"})


class Script:
    """A file's text; replacements are collected and made at once."""

    def __init__(self, path: str, text: str) -> None:
        self.path, self.text = path, text
        self._bytes = text.encode()
        try:
            self.root = parse(self._bytes)
        except UntranslatableError as error:
            raise InputError(str(error), path, "edit it by hand") from error
        self._patches: list[tuple[int, int, str]] = []
        self._newline = "\r\n" if "\r\n" in text else "\n"

    def between(self, start: int, end: int) -> str:
        """Return the text between two offsets."""
        return self._bytes[start:end].decode()

    def place(self, node: Node) -> str:
        """Return a node's place as errors tell it."""
        return f"{self.path}:{node.start_point[0] + 1}"

    def line_start(self, offset: int) -> int:
        """Return the offset of the beginning of a line."""
        return self._bytes.rfind(b"\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Return the offset behind a line's end."""
        found = self._bytes.find(b"\n", offset)
        return len(self._bytes) if found < 0 else found + 1

    def indent(self, node: Node) -> str:
        """Return the white space that a node's line begins with."""
        start = self.line_start(node.start_byte)
        line = self.between(start, node.start_byte)
        return line[: len(line) - len(line.lstrip())]

    def put(self, start: int, end: int, text: str) -> None:
        """Replace what stands between two offsets."""
        self._patches.append((start, end, text.replace("\n", self._newline)))

    def replace(self, node: Node, text: str) -> None:
        """Replace a node."""
        self.put(node.start_byte, node.end_byte, text)

    def drop_lines(self, start: int, end: int) -> None:
        """Remove the lines from one offset to another, and one blank line before them."""
        begin, last = self.line_start(start), self.line_end(end)
        before = self.line_start(max(begin - 1, 0))
        if not self.between(before, begin).strip() and begin:
            begin = before
        self.put(begin, last, "")

    def patched(self) -> str:
        """Return the text with the replacements."""
        done, at = [], 0
        for start, end, new in sorted(self._patches, key=lambda item: item[:2]):
            if start < at:
                raise AssertionError(f"two replacements overlap in {self.path}")
            done += [self._bytes[at:start].decode(), new]
            at = end
        return "".join([*done, self._bytes[at:].decode()])

    @property
    def quote(self) -> str:
        """The quotation mark that most of the file's strings have."""
        return '"' if self.text.count('"') > self.text.count("'") else "'"

    @property
    def end(self) -> str:
        """What ends the file's statements: a semicolon or nothing."""
        lines = [
            line.rstrip() for line in self.text.splitlines() if "import" in line or ":" in line
        ]
        return ";" if sum(line.endswith(";") for line in lines) * 3 > len(lines) else ""

    def string(self, value: str) -> str:
        """Write a string in the file's quotation marks."""
        mark = self.quote
        other = '"' if mark == "'" else "'"
        if mark in value and other not in value:
            mark = other
        escaped = value.replace("\\", "\\\\").replace(mark, f"\\{mark}").replace("\n", "\\n")
        return f"{mark}{escaped}{mark}"


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it."""
    yield node
    for child in node.named_children:
        yield from walk(child)


def string_value(node: Node | None) -> str | None:
    """Return the value of a string constant, or nothing."""
    if node is None or node.type not in {"string", "template_string"}:
        return None
    text = text_of(node)
    if node.type == "template_string" and "${" in text:
        return None
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def arguments(call: Node) -> list[Node]:
    """Return a call's arguments."""
    found = call.child_by_field_name("arguments")
    return [item for item in found.named_children if item.type != "comment"] if found else []


def called(node: Node) -> str:
    """Return the last part of the name that a call or `new` calls, "" for anything else."""
    field = {"call_expression": "function", "new_expression": "constructor"}.get(node.type)
    function = node.child_by_field_name(field) if field else None
    return text_of(function).rpartition(".")[2] if function else ""


def pairs(node: Node | None) -> dict[str, Node]:
    """Return an object's properties that have plain names, by name."""
    found = {}
    for item in node.named_children if node is not None and node.type == "object" else ():
        key = item.child_by_field_name("key")
        if item.type == "pair" and key is not None:
            found[string_value(key) or text_of(key)] = item
    return found


def value_of(pair: Node | None) -> Node | None:
    """Return a property's value."""
    return pair.child_by_field_name("value") if pair is not None else None


def set_pair(script: Script, node: Node, name: str, value: str | None) -> None:
    """Give an object a property, another value for it, or take it out."""
    there = pairs(node).get(name)
    old = value_of(there)
    if there is not None and old is not None and value is not None:
        script.replace(old, value)
    elif there is not None and value is None:
        remove_item(script, node, there)
    elif value is not None:
        insert_item(script, node, f"{name}: {value}")


def insert_item(script: Script, node: Node, text: str, after: Node | None = None) -> None:
    """Insert an item into an object, array, enum or call: at the end, or behind one."""
    items = [item for item in node.named_children if item.type != "comment"]
    if not items:
        spaced = f" {text} " if node.type in {"object", "named_imports"} else text
        script.put(node.start_byte + 1, node.end_byte - 1, spaced)
        return
    last = after if after is not None else items[-1]
    own_lines = last.start_point[0] > node.start_point[0]
    gap = f"\n{script.indent(last)}" if own_lines else " "
    script.put(last.end_byte, last.end_byte, f",{gap}{text}")


def remove_item(script: Script, node: Node, item: Node) -> None:
    """Take an item out of an object, array or list, with its comma."""
    items = [one for one in node.named_children if one.type != "comment"]
    at = items.index(item)
    if len(items) == 1:
        script.put(node.start_byte + 1, node.end_byte - 1, "")
    elif at:
        script.put(items[at - 1].end_byte, item.end_byte, "")
    else:
        script.put(item.start_byte, items[1].start_byte, "")


def import_name(script: Script, module: str, name: str) -> None:
    """Import a name from a module where the file does not."""
    imports = [item for item in script.root.named_children if item.type == "import_statement"]
    for item in imports:
        if string_value(item.child_by_field_name("source")) != module:
            continue
        named = next((one for one in walk(item) if one.type == "named_imports"), None)
        if named is not None:
            names = [text_of(one) for one in named.named_children]
            if name not in names:
                insert_item(script, named, name)
            return
    text = f"import {{ {name} }} from {script.string(module)}{script.end}\n"
    at = script.line_end(imports[-1].end_byte - 1) if imports else 0
    script.put(at, at, text)


class Scripts:
    """The script files of a repository, edited in memory."""

    def __init__(self, root: Path, texts: dict[str, str]) -> None:
        self.root, self.before, self.texts = root, dict(texts), dict(texts)
        self._parsed: dict[str, Script] = {}

    def script(self, path: str) -> Script:
        """Return a file's tree as it is now."""
        found = self._parsed.get(path)
        if found is None or found.text != self.texts[path]:
            found = self._parsed[path] = Script(path, self.texts[path])
        return found

    def save(self, script: Script) -> None:
        """Make a file's replacements; what comes of it must parse."""
        self.texts[script.path] = script.patched()
        self._parsed.pop(script.path, None)
        self.script(script.path)


def script_files(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield a repository's scripts with their texts, without type declarations."""
    for folder in folders(root):
        try:
            found = sorted(item for item in folder.iterdir() if item.suffix in SCRIPTS)
        except PermissionError:
            continue
        for path in found:
            if not path.name.endswith(".d.ts") and path.is_file():
                try:
                    with path.open(encoding="utf-8", newline="") as file:
                        yield path, file.read()
                except UnicodeDecodeError:
                    continue
