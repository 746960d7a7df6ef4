"""Enum types in models: where they are stated, and a label more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import AddEnumValue
from dbspecialist.orms.sqlalchemy.items import insert, quoted
from dbspecialist.orms.sqlalchemy.source import (
    Source,
    body_of,
    called,
    keyword,
    last_name,
    positional,
    text_value,
)

if TYPE_CHECKING:
    from dbspecialist.orms.sqlalchemy.workspace import Workspace


@dataclass(frozen=True)
class EnumType:
    """An Enum(...) or ENUM(...) in a file.

    Args:
        source: The file.
        call: The call.
        python: The enum class, "" where labels are given.
    """

    source: Source
    call: cst.Call
    python: str

    @property
    def code(self) -> str:
        """The call's text."""
        return self.source.code(self.call)


def find_enum(workspace: Workspace, name: str) -> EnumType | None:
    """Return where the models state an enum type: by its name, else by its class's."""
    calls = r"\b(SA|SQL)?(Enum|ENUM)\("
    for source in workspace.mentioning(rf"""["']{re.escape(name)}["']"""):
        for item in _enums(source):
            if text_value(_named(item.call)) == name:
                return item
    for source in workspace.mentioning(rf"(?i){calls}\s*([\w.]+\.)?{re.escape(name)}\b"):
        for item in _enums(source):
            if item.python.lower() == name:
                return item
    return None


def _enums(source: Source) -> Iterator[EnumType]:
    found: list[EnumType] = []

    class Visitor(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:  # noqa: N802 - libcst's name
            if called(node) in {"Enum", "ENUM", "SAEnum", "SQLEnum"}:
                args = positional(node)
                first = args[0].value if args else None
                python = last_name(first) if isinstance(first, cst.Name) else ""
                found.append(EnumType(source, node, python))

    source.tree.visit(Visitor())
    yield from found


def add_enum_value(workspace: Workspace, edit: AddEnumValue) -> None:
    """Write a label more: into the enum class, or into every Enum(…) that lists the labels.

    Raises:
        InputError: Where no model states the type, or its class cannot hold the label.
    """
    found = find_enum(workspace, edit.plain)
    if found is None:
        raise InputError(
            f"no SQLAlchemy model states enum {edit.plain}",
            str(workspace.root),
            "give the folder that holds the models",
        )
    if found.python:
        _add_member(workspace, edit, found)
        return
    for source in workspace.mentioning(rf"""["']{re.escape(edit.plain)}["']"""):
        for item in _enums(source):
            if text_value(_named(item.call)) == edit.plain:
                insert(source, item.call, quoted(edit.value), _place(item.call, edit.after))
        workspace.save(source)


def _named(call: cst.Call) -> cst.BaseExpression | None:
    found = keyword(call, "name")
    return found.value if found else None


def _place(call: cst.Call, after: str) -> int:
    labels = [text_value(arg.value) for arg in positional(call)]
    return labels.index(after) if after in labels else len(labels) - 1


def _add_member(workspace: Workspace, edit: AddEnumValue, found: EnumType) -> None:
    source, node = _enum_class(workspace, found.python)
    by_value = keyword(found.call, "values_callable") is not None
    members = _members(node)
    place = source.place(node)
    if not members:
        raise InputError(f"class {found.python} has no members", place, "edit it by hand")
    name = _member_name(edit.value, list(members)) if by_value else edit.value
    if not name.isidentifier():
        raise InputError(
            f"{edit.value} is no name of a member, and SQLAlchemy keeps names (Enum)",
            place,
            "give the Enum a values_callable, or choose a label that is a Python name",
        )
    labels = {(value if by_value else key): line for key, (value, line) in members.items()}
    line = labels.get(edit.after) or next(reversed(labels.values()))
    auto = source.code(line).rstrip().endswith("auto()") and not by_value
    written = source.code(line).rpartition("=")[2].strip() if auto else quoted(edit.value)
    source.insert_line_after(line, f"{source.indent(line)}{name} = {written}")
    workspace.save(source)


def _members(node: cst.ClassDef) -> dict[str, tuple[str, cst.SimpleStatementLine]]:
    found = {}
    for line in body_of(node):
        if isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.Assign):
            name = last_name(line.body[0].targets[0].target)
            if name and not name.startswith("_"):
                found[name] = (text_value(line.body[0].value) or name, line)
    return found


def _member_name(value: str, there: list[str]) -> str:
    plain = "".join(char if char.isalnum() else "_" for char in value)
    plain = f"_{plain}" if plain[:1].isdigit() else plain
    return plain.upper() if all(item == item.upper() for item in there) else plain


def _enum_class(workspace: Workspace, name: str) -> tuple[Source, cst.ClassDef]:
    for path, text in workspace.everything():
        if f"class {name}(" in text:
            source = workspace.source(path)
            for node in source.tree.body:
                if isinstance(node, cst.ClassDef) and node.name.value == name:
                    return source, node
    raise InputError(f"class {name} was not found", str(workspace.root), "edit it by hand")
