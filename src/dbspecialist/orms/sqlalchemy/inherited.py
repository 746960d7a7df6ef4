"""A column's statement: in the class, or in the mixin that it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from dbspecialist.facts.errors import InputError
from dbspecialist.orms.sqlalchemy.model import Column, Model, class_columns
from dbspecialist.orms.sqlalchemy.source import Source, last_name
from dbspecialist.orms.sqlalchemy.workspace import Workspace


def column_of(workspace: Workspace, model: Model, name: str) -> tuple[Model, Column]:
    """Return a column and where it is stated: the model, or a mixin that it alone uses.

    Raises:
        InputError: Where nothing states it, or a mixin of several tables does.
    """
    if name in model.columns:
        return model, model.columns[name]
    for source, node in _bases(workspace, model):
        columns = class_columns(source, node)
        if name not in columns:
            continue
        users = workspace.tables_of(node.name.value)
        if len(users) > 1:
            raise InputError(
                f"column {name} comes from {node.name.value}, which {len(users)} tables use "
                f"({', '.join(users[:3])}{' …' if len(users) > 3 else ''})",
                source.place(columns[name].node),
                f"state it in the class of {model.table} first",
            )
        return replace(model, source=source, node=node, columns=columns), columns[name]
    raise InputError(
        f"the model of {model.table} has no column {name}", model.source.place(model.node)
    )


def _bases(workspace: Workspace, model: Model) -> Iterator[tuple[Source, cst.ClassDef]]:
    """Yield the classes that a class inherits from, as far as the repository states them."""
    waiting = [model.cls] if model.cls else []
    seen: set[str] = set()
    while waiting:
        for arg in waiting.pop(0).bases:
            name = last_name(arg.value)
            if name and name not in seen:
                seen.add(name)
                for source, node in _named(workspace, name):
                    yield source, node
                    waiting.append(node)


def _named(workspace: Workspace, name: str) -> Iterator[tuple[Source, cst.ClassDef]]:
    sign = re.compile(rf"^class {re.escape(name)}\b", re.MULTILINE)
    for path, text in list(workspace.texts.items()):
        if sign.search(text):
            source = workspace.source(path)
            for node in source.tree.body:
                if isinstance(node, cst.ClassDef) and node.name.value == name:
                    yield source, node
