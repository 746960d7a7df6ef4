"""Columns that come, go, are renamed and change."""

from __future__ import annotations

import libcst as cst

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import AddColumn
from dbspecialist.orms.sqlalchemy.items import insert
from dbspecialist.orms.sqlalchemy.model import Model
from dbspecialist.orms.sqlalchemy.source import body_of
from dbspecialist.orms.sqlalchemy.workspace import Workspace
from dbspecialist.orms.sqlalchemy.writing import Writer


def add_column(workspace: Workspace, edit: AddColumn) -> None:
    """Write a column behind the last one of its table."""
    model = workspace.model(edit)
    name = edit.column.name
    if name in model.columns:
        place = model.source.place(model.columns[name].node)
        raise InputError(f"table {edit.plain} has column {name} already", place)
    writer = Writer(workspace, model)
    text = writer.column(edit.column)
    if isinstance(model.node, cst.Call):
        insert(model.source, model.node, text, _last_argument(model))
    else:
        model.source.insert_line_after(_last_statement(model), f"{model.indent}{text}")
    writer.imports.apply()
    workspace.save(model.source)


def _last_argument(model: Model) -> int:
    assert isinstance(model.node, cst.Call)
    arguments = list(model.node.args)
    columns = [column.node for column in model.columns.values()]
    return max((arguments.index(item) for item in columns if item in arguments), default=1)  # type: ignore[arg-type]


def _last_statement(model: Model) -> cst.CSTNode:
    """Return the statement that a new column stands below: the last column, or the head."""
    assert model.cls is not None
    body = list(body_of(model.cls))
    columns = [column.node for column in model.columns.values()]
    if columns:
        at = max(body.index(item) for item in columns)
    else:
        heads = [model.assignment(name) for name in ("__table_args__", "__tablename__")]
        at = max((body.index(item) for item in heads if item is not None), default=0)
    following = body[at + 1 : at + 2]
    if following and _is_text(following[0]):  # a column's own documentation
        return following[0]  # type: ignore[no-any-return]
    return body[at]  # type: ignore[no-any-return]


def _is_text(line: object) -> bool:
    return (
        isinstance(line, cst.SimpleStatementLine)
        and isinstance(line.body[0], cst.Expr)
        and isinstance(line.body[0].value, cst.SimpleString | cst.ConcatenatedString)
    )
