"""schema.prisma by its lines: blocks, fields and attributes (Prisma's "Data model" reference)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.walk import folders, relative

_OPENS = re.compile(r"^\s*(model|enum|view|type|datasource|generator)\s+(\w+)?\s*\{")
_FIELD = re.compile(
    r"^(?P<indent>\s*)(?P<name>\w+)(?P<gap>\s+)(?P<type>\w+(\(\"[^\"]*\"\))?)(?P<mark>\?|\[\])?(?P<rest>.*)$"
)


def attribute(text: str, name: str) -> tuple[int, int] | None:
    """Return where an attribute with its arguments stands in a line, outside of its comment."""
    found = re.search(rf"(?<![@\w]){re.escape(name)}(?![\w.])", code_of(text))
    if found is None:
        return None
    end = found.end()
    if text[end : end + 1] == "(":
        end = _closed(text, end)
    return found.start(), end


def _closed(text: str, start: int) -> int:
    """Return the offset behind the parenthesis that closes the one at `start`."""
    depth, quoted, at = 0, False, start
    while at < len(text):
        char = text[at]
        if quoted and char == "\\":
            at += 1
        elif char == '"':
            quoted = not quoted
        elif not quoted and char in "()":
            depth += 1 if char == "(" else -1
            if depth == 0:
                return at + 1
        at += 1
    return len(text)


def code_of(line: str) -> str:
    """Return a line without its comment."""
    quoted = False
    for at, char in enumerate(line):
        if char == '"' and line[at - 1 : at] != "\\":
            quoted = not quoted
        if not quoted and line.startswith("//", at):
            return line[:at]
    return line


def text_argument(call: str, name: str = "") -> str:
    """Return a string among an attribute's arguments: of a name, or the first one's."""
    lead = rf"{name}\s*:\s*" if name else r"\(\s*(?:name\s*:\s*)?"
    found = re.search(rf'{lead}"((?:[^"\\]|\\.)*)"', call)
    return found[1] if found else ""


def list_argument(call: str, name: str = "") -> tuple[str, ...]:
    """Return a list of fields among an attribute's arguments, without sort orders."""
    lead = rf"{name}\s*:\s*" if name else r"\(\s*(?:fields\s*:\s*)?"
    found = re.search(rf"{lead}\[([^\]]*)\]", call)
    items = re.split(r",(?![^(]*\))", found[1]) if found else []
    return tuple(re.sub(r"\(.*", "", item).strip() for item in items if item.strip())


@dataclass
class Field:
    """One line of a model that states a field."""

    line: int
    text: str
    name: str
    type: str
    mark: str

    def has(self, name: str) -> bool:
        """Whether it has an attribute."""
        return attribute(self.text, name) is not None

    def get(self, name: str) -> str:
        """Return an attribute with its arguments, or ""."""
        found = attribute(self.text, name)
        return self.text[slice(*found)] if found else ""

    @property
    def column(self) -> str:
        """The name of its column."""
        return text_argument(self.get("@map")) or self.name


@dataclass
class Block:
    """A model or enum: its lines in a file.

    Args:
        file: The file's path.
        kind: `model`, `enum` …
        name: Its name.
        first: The line that opens it, from 0.
        last: The line that closes it.
        lines: The file's lines.
    """

    file: str
    kind: str
    name: str
    first: int
    last: int
    lines: list[str] = field(repr=False)

    def body(self) -> Iterator[tuple[int, str]]:
        """Yield the lines within, with their numbers."""
        for number in range(self.first + 1, self.last):
            yield number, self.lines[number]

    def fields(self) -> Iterator[Field]:
        """Yield a model's fields."""
        for number, text in self.body():
            found = _FIELD.match(code_of(text).rstrip())
            if found and not text.lstrip().startswith(("@@", "//")):
                yield Field(number, text, found["name"], found["type"], found["mark"] or "")

    def attributes(self, name: str) -> Iterator[tuple[int, str]]:
        """Yield the block's attributes of a name (`@@index`), with their lines."""
        for number, text in self.body():
            if text.lstrip().startswith(name) and attribute(text, name):
                yield number, text

    @property
    def table(self) -> str:
        """The name in the database."""
        return next((text_argument(text) for _, text in self.attributes("@@map")), self.name)

    @property
    def schema(self) -> str:
        """The schema that it states, or ""."""
        return next((text_argument(text) for _, text in self.attributes("@@schema")), "")

    def place(self, line: int | None = None) -> str:
        """Return a line's place as errors tell it."""
        return f"{self.file}:{(self.first if line is None else line) + 1}"


class Document:
    """All schema files of a repository, edited in memory."""

    def __init__(self, root: Path, paths: Sequence[Path]) -> None:
        self.root = root
        self.before = {relative(path, root): _read(path) for path in paths}
        self.texts = {path: text.split("\n") for path, text in self.before.items()}

    def blocks(self, *kinds: str) -> list[Block]:
        """Return the blocks as they are now."""
        return list(self._blocks(kinds))

    def _blocks(self, kinds: Sequence[str]) -> Iterator[Block]:
        for path, lines in self.texts.items():
            opened: tuple[int, str, str] | None = None
            for number, line in enumerate(lines):
                found = _OPENS.match(line)
                if found:
                    opened = number, found[1], found[2] or ""
                elif opened and line.strip().startswith("}"):
                    if opened[1] in kinds:
                        yield Block(path, opened[1], opened[2], opened[0], number, lines)
                    opened = None

    def model(self, table: str, schema: str = "") -> Block:
        """Return the one model of a table.

        Raises:
            InputError: Where there is none or several.
        """
        found = self.find(table, schema)
        if len(found) != 1:
            what = (
                f"table {table} has {len(found)} models" if found else f"no model of table {table}"
            )
            where = " and ".join(item.place() for item in found) or ", ".join(self.texts)
            raise InputError(what, where, "edit it by hand" if found else "give the right folder")
        return found[0]

    def find(self, table: str, schema: str = "") -> list[Block]:
        """Return the models of a table."""
        named = [item for item in self.blocks("model") if item.table == table]
        stated = [item for item in named if item.schema == schema]
        return stated if len(named) > 1 and stated else named

    def named(self, name: str) -> Block | None:
        """Return the model of that name."""
        return next((item for item in self.blocks("model") if item.name == name), None)

    def insert(self, block: Block, line: int, *texts: str) -> None:
        """Insert lines before one of a block's file."""
        ending = "\r" if block.lines[block.first].endswith("\r") else ""
        block.lines[line:line] = [text + ending for text in texts]

    def edits(self) -> tuple[FileEdit, ...]:
        """Return the files that have changed."""
        texts = {path: "\n".join(lines) for path, lines in self.texts.items()}
        return tuple(
            FileEdit(path, text, self.before[path])
            for path, text in texts.items()
            if text != self.before[path]
        )


def schema_files(root: Path) -> list[Path]:
    """Return a repository's Prisma schemas that hold models."""
    found = []
    for folder in folders(root):
        for path in sorted(folder.glob("*.prisma")):
            if re.search(r"^\s*(model|enum)\s+\w+\s*\{", _read(path), re.MULTILINE):
                found.append(path)
    return found


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("it cannot be read as UTF-8 text", str(path), "mend it") from error
