"""Enum types in models: where they are stated, and a label more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from dbspecialist.orms.sqlalchemy.source import (
    Source,
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
    every = [item for path in list(workspace.texts) for item in _enums(workspace.source(path))]
    for item in every:
        named = keyword(item.call, "name")
        if named is not None and text_value(named.value) == name:
            return item
    return next((item for item in every if item.python.lower() == name), None)


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
