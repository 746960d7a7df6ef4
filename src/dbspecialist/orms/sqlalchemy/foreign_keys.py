"""Foreign keys that come: in their column, or beside the columns."""

from __future__ import annotations

from dbspecialist.facts.model_edit import AddForeignKey, ForeignKeyModel
from dbspecialist.facts.names import bare, parts
from dbspecialist.orms.sqlalchemy import table_args
from dbspecialist.orms.sqlalchemy.items import insert_argument, quoted
from dbspecialist.orms.sqlalchemy.model import BARE, Column
from dbspecialist.orms.sqlalchemy.source import positional
from dbspecialist.orms.sqlalchemy.types import Named
from dbspecialist.orms.sqlalchemy.workspace import Workspace
from dbspecialist.orms.sqlalchemy.writing import Writer


def add_foreign_key(workspace: Workspace, edit: AddForeignKey) -> None:
    """State a foreign key: in its column where it has one, else beside the columns."""
    model, key = workspace.model(edit), edit.key
    writer = Writer(workspace, model)
    if len(key.columns) == 1 and key.columns[0] in model.columns:
        column = model.columns[key.columns[0]]
        if column.key is None:
            _inline(writer, column, foreign_key_text(writer, key))
            writer.imports.apply()
            workspace.save(model.source)
            return
    columns = ", ".join(quoted(model.reference(item)) for item in key.columns)
    targets = ", ".join(map(quoted, _targets(writer, key)))
    arguments = [f"[{columns}]", f"[{targets}]", *_options(key)]
    table_args.add(workspace, model, writer.core("ForeignKeyConstraint"), arguments)
    writer.imports.apply()
    workspace.save(model.source)


def foreign_key_text(writer: Writer, key: ForeignKeyModel) -> str:
    """Return a column's ForeignKey(…)."""
    target = quoted(_targets(writer, key)[0])
    return f"{writer.core('ForeignKey')}({', '.join([target, *_options(key)])})"


def _targets(writer: Writer, key: ForeignKeyModel) -> list[str]:
    """Return the columns that a foreign key refers to, as SQLAlchemy names them."""
    names = [bare(item) for item in parts(key.table)]
    table = ".".join(names[1:] if names[0] == "public" else names)
    found = writer.workspace.find(names[-1])
    columns = [found[0].reference(item) for item in key.referenced] if found else key.referenced
    return [f"{table}.{item}" for item in columns]


def _options(key: ForeignKeyModel) -> list[str]:
    found = [f"name={quoted(key.name)}"] if key.name else []
    for option, action in (("ondelete", key.on_delete), ("onupdate", key.on_update)):
        if action and action.upper() != "NO ACTION":
            found.append(f"{option}={quoted(action.upper())}")
    return found


def _inline(writer: Writer, column: Column, text: str) -> None:
    source, call = writer.source, column.call
    if call is None:
        at = source.end(column.node)
        function = writer.imports.write(Named("sqlalchemy.orm", BARE), writer.prefix)
        source.put(at, at, f" = {function}({text})")
    else:
        width = writer.workspace.width
        insert_argument(source, call, text, len(positional(call)) - 1, width)
