"""Indexes and constraints that come and go."""

from __future__ import annotations

import re

import libcst as cst

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import (
    AddCheck,
    AddIndex,
    AddUnique,
    DropConstraint,
    DropIndex,
)
from dbspecialist.facts.names import bare
from dbspecialist.orms.sqlalchemy import table_args
from dbspecialist.orms.sqlalchemy.inherited import column_of
from dbspecialist.orms.sqlalchemy.items import items_of, quoted, remove, remove_all
from dbspecialist.orms.sqlalchemy.model import Column, Model
from dbspecialist.orms.sqlalchemy.references import refuse_relations
from dbspecialist.orms.sqlalchemy.source import called, keyword, text_value
from dbspecialist.orms.sqlalchemy.table_args import Stated, stated
from dbspecialist.orms.sqlalchemy.types import Named
from dbspecialist.orms.sqlalchemy.workspace import Workspace
from dbspecialist.orms.sqlalchemy.writing import Writer

_CLASSES = {
    "unique": "UniqueConstraint",
    "check": "CheckConstraint",
    "foreign key": "ForeignKeyConstraint",
}


def add_index(workspace: Workspace, edit: AddIndex) -> None:
    """State an index, by its name, beside the columns."""
    model = workspace.model(edit)
    writer = Writer(workspace, model)
    arguments = [quoted(edit.name), *(_index_column(writer, item) for item in edit.columns)]
    arguments += ["unique=True"] if edit.unique else []
    if edit.method and edit.method != "btree":
        arguments.append(f"postgresql_using={quoted(edit.method)}")
    if edit.include:
        included = ", ".join(quoted(model.reference(item)) for item in edit.include)
        arguments.append(f"postgresql_include=[{included}]")
    if edit.predicate:
        arguments.append(f"postgresql_where={writer.sql(edit.predicate)}")
    _add(workspace, writer, "Index", arguments)


def _index_column(writer: Writer, column: str) -> str:
    if column.startswith("(") or not _is_name(column):
        return writer.sql(column)
    return quoted(writer.model.reference(bare(column)))


def _is_name(column: str) -> bool:
    return column.startswith('"') or re.fullmatch(r"\w+", column) is not None


def add_unique(workspace: Workspace, edit: AddUnique) -> None:
    """State a unique constraint."""
    writer = Writer(workspace, workspace.model(edit))
    columns = map(writer.model.reference, edit.columns)
    arguments = [*map(quoted, columns), f"name={quoted(edit.name)}"]
    _add(workspace, writer, "UniqueConstraint", arguments)


def add_check(workspace: Workspace, edit: AddCheck) -> None:
    """State a CHECK; a naming convention that wraps its name gets what it wraps."""
    writer = Writer(workspace, workspace.model(edit))
    name = _check_name(writer, edit)
    _add(workspace, writer, "CheckConstraint", [quoted(edit.expression), f"name={name}"])


def _check_name(writer: Writer, edit: AddCheck) -> str:
    convention = writer.workspace.conventions.get("ck", "")
    token = "%(constraint_name)s"
    if token not in convention:
        return quoted(edit.name)
    before, _, after = convention.replace("%(table_name)s", edit.plain).partition(token)
    if edit.name.startswith(before) and edit.name.endswith(after) and "%(" not in before + after:
        return quoted(edit.name.removeprefix(before).removesuffix(after))
    return f"{writer.imports.write(Named('sqlalchemy.schema', 'conv'))}({quoted(edit.name)})"


def _add(workspace: Workspace, writer: Writer, kind: str, arguments: list[str]) -> None:
    table_args.add(workspace, writer.model, writer.core(kind), arguments)
    writer.imports.apply()
    workspace.save(writer.source)


def drop_index(workspace: Workspace, edit: DropIndex) -> None:
    """Take an index out: beside the columns, behind the class, or a column's `index=True`."""
    model = workspace.model(edit)
    for item in stated(model):
        if item.kind == "Index" and item.name == edit.name:
            _take_out(workspace, model, item)
            return
    for column in model.columns.values():
        if column.call is not None and (not edit.columns or edit.columns == (column.name,)):
            marked = _true(column.call, "index")
            if marked is not None and _index_name(workspace, model, column) == edit.name:
                remove(model.source, column.call, list(column.call.args).index(marked))
                workspace.save(model.source)
                return
    for line in model.source.tree.body:
        if isinstance(line, cst.SimpleStatementLine):
            call = getattr(line.body[0], "value", None)
            if called(call) == "Index" and text_value(call.args[0].value) == edit.name:  # type: ignore[union-attr]
                model.source.drop_lines(line)
                workspace.save(model.source)
                return
    _refuse_unnamed(model, "Index", edit.name, edit.columns)


def _index_name(workspace: Workspace, model: Model, column: Column) -> str:
    """Return the name of a column's own index: by the convention, or SQLAlchemy's default."""
    convention = workspace.conventions.get("ix", "ix_%(column_0_label)s")
    names = {
        "table_name": model.table,
        "column_0_name": column.name,
        "column_0_N_name": column.name,
        "column_0_label": f"{model.table}_{column.name}",
        "column_0_N_label": f"{model.table}_{column.name}",
    }
    try:
        return convention % names
    except KeyError:
        return ""


def drop_constraint(workspace: Workspace, edit: DropConstraint) -> None:
    """Take a constraint out: beside the columns, or in its column."""
    model = workspace.model(edit)
    kind = _CLASSES[edit.kind]
    attributes = model.names
    names = {edit.name}
    if edit.kind == "check":
        names.add(_bare_check(workspace, edit))
    for item in stated(model):
        same = item.kind == kind and not item.name and item.columns(attributes) == edit.columns
        if item.kind == kind and (item.name in names or (same and edit.columns)):
            _take_out(workspace, model, item)
            return
    if len(edit.columns) == 1 and edit.columns[0] in model.columns:
        _drop_inline(workspace, model, model.columns[edit.columns[0]], edit.kind)
        return
    _refuse_unnamed(model, kind, edit.name, edit.columns)


def _bare_check(workspace: Workspace, edit: DropConstraint) -> str:
    convention = workspace.conventions.get("ck", "%(constraint_name)s")
    before, _, after = convention.replace("%(table_name)s", edit.plain).partition(
        "%(constraint_name)s"
    )
    return edit.name.removeprefix(before).removesuffix(after)


def _drop_inline(workspace: Workspace, model: Model, column: Column, kind: str) -> None:
    owner, column = column_of(workspace, model, column.name)
    found: cst.Arg | None = None
    if column.call is not None and kind == "unique":
        found = _true(column.call, "unique")
    elif column.call is not None and kind == "foreign key" and column.key is not None:
        refuse_relations(workspace, model, column)
        found = next(arg for arg in column.call.args if arg.value is column.key)
    if found is not None and column.call is not None:
        remove(owner.source, column.call, list(column.call.args).index(found))
        workspace.save(owner.source)


def _true(call: cst.Call, name: str) -> cst.Arg | None:
    found = keyword(call, name)
    value = found.value if found else None
    return found if isinstance(value, cst.Name) and value.value == "True" else None


def _take_out(workspace: Workspace, model: Model, item: Stated) -> None:
    line = model.assignment("__table_args__")
    if isinstance(item.holder, cst.Tuple) and line is not None and len(items_of(item.holder)) == 1:
        model.source.drop_lines(line)
    else:
        remove_all(model.source, item.holder, [item.index])
    workspace.save(model.source)


def _refuse_unnamed(model: Model, kind: str, name: str, columns: tuple[str, ...]) -> None:
    """Refuse where one of that kind has a name that the file does not tell."""
    for item in stated(model):
        if item.kind == kind and not item.name and not columns:
            raise InputError(
                f"whether this is {name} cannot be told",
                model.source.place(item.call),
                "give it its name",
            )
