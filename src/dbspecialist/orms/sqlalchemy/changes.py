"""Columns that go, are renamed, and change in place."""

from __future__ import annotations

import re

import libcst as cst

from dbspecialist.facts.model_edit import ChangeColumn, DropColumn, RenameColumn
from dbspecialist.orms.sqlalchemy.inherited import column_of
from dbspecialist.orms.sqlalchemy.items import insert, items_of, quoted, remove_all, set_keyword
from dbspecialist.orms.sqlalchemy.model import MAPPED, Column, Model
from dbspecialist.orms.sqlalchemy.references import (
    refuse_relations,
    refuse_uses,
    rename_references,
)
from dbspecialist.orms.sqlalchemy.source import (
    body_of,
    keyword,
    last_name,
    positional,
    strings_in,
    text_value,
)
from dbspecialist.orms.sqlalchemy.table_args import stated
from dbspecialist.orms.sqlalchemy.workspace import Workspace
from dbspecialist.orms.sqlalchemy.writing import Writer

#: Annotations that this tool writes; others are a project's own and stay.
_KNOWN = re.compile(
    r"(\w+\.)?(int|str|bytes|float|bool|Decimal|UUID|date|datetime|time|timedelta|Any)"
    r"|dict\[.*\]|list\[.*\]"
)


def drop_column(workspace: Workspace, edit: DropColumn) -> None:
    """Remove a column, and with it the indexes and constraints that the engine drops along."""
    model = workspace.model(edit)
    owner, column = column_of(workspace, model, edit.column)
    refuse_relations(workspace, model, column)
    refuse_uses(owner, column)
    gone = [item.index for item in stated(model) if _mentions(item.call, column)]
    source = owner.source
    holder = next((item.holder for item in stated(model)), None)
    if isinstance(column.node, cst.Arg):
        assert isinstance(model.node, cst.Call)
        gone.append(list(model.node.args).index(column.node))
        holder = model.node
    else:
        source.drop_lines(column.node, _documentation(owner, column.node))
    if holder is not None and gone:
        if isinstance(holder, cst.Tuple) and len(gone) == len(items_of(holder)):
            line = model.assignment("__table_args__")
            assert line is not None
            model.source.drop_lines(line)
        else:
            remove_all(model.source, holder, gone)
    workspace.save(*{source.path: source, model.source.path: model.source}.values())


def _documentation(model: Model, line: cst.SimpleStatementLine) -> cst.CSTNode:
    """Return the text below a column that documents it, or the column's statement."""
    body = list(body_of(model.cls)) if model.cls else []
    following = body[body.index(line) + 1 : body.index(line) + 2]
    for item in following:
        is_text = isinstance(item, cst.SimpleStatementLine) and isinstance(item.body[0], cst.Expr)
        if is_text and isinstance(item.body[0].value, cst.SimpleString | cst.ConcatenatedString):
            return item  # type: ignore[no-any-return]
    return line


def _mentions(call: cst.Call, column: Column) -> bool:
    word = re.compile(rf"\b({re.escape(column.name)}|{re.escape(column.reference)})\b")
    named = keyword(call, "name")
    own = {id(named.value)} if named else set()
    if last_name(call.func) == "Index":
        own.add(id(call.args[0].value))
    texts = (item for item in strings_in(call) if id(item) not in own)
    if any(word.search(str(item.evaluated_value)) for item in texts):
        return True
    return any(
        isinstance(arg.value, cst.Name) and arg.value.value == column.attribute for arg in call.args
    )


def rename_column(workspace: Workspace, edit: RenameColumn) -> None:
    """Give a column another name in the database; code goes on with the attribute that it has."""
    model = workspace.model(edit)
    owner, column = column_of(workspace, model, edit.column)
    source = owner.source
    named = column.call and _name_node(column.call)
    if named:
        source.replace(named, quoted(edit.name))
        if model.cls is None and column.call and keyword(column.call, "key") is None:
            insert(source, column.call, f"key={quoted(edit.column)}")
    elif column.call is not None and column.call.args:
        insert(source, column.call, quoted(edit.name), -1)
    elif column.call is not None:
        insert(source, column.call, quoted(edit.name))
    else:
        writer = Writer(workspace, owner)
        at = source.end(column.node)
        source.put(at, at, f" = {writer.orm('mapped_column')}({quoted(edit.name)})")
        writer.imports.apply()
    workspace.save(source)
    rename_references(workspace, edit, model.cls is None)


def _name_node(call: cst.Call) -> cst.BaseExpression | None:
    args = positional(call)
    if args and text_value(args[0].value) is not None:
        return args[0].value
    named = keyword(call, "name")
    return named.value if named else None


def change_column(workspace: Workspace, edit: ChangeColumn) -> None:
    """Change a column's type, nullability, default or comment."""
    model = workspace.model(edit)
    owner, column = column_of(workspace, model, edit.column)
    if edit.type is not None:
        _change_type(workspace, owner, column, edit)
        owner, column = column_of(workspace, workspace.model(edit), edit.column)
    if edit.nullable is not None:
        _change_nullable(workspace, owner, column, edit.nullable)
        owner, column = column_of(workspace, workspace.model(edit), edit.column)
    for name, value in (("server_default", edit.default), ("comment", edit.comment)):
        if value is not None:
            writer = Writer(workspace, owner)
            written = writer.default(value) if name == "server_default" else quoted(value)
            _set(writer, owner, column, name, written if value else None)
            writer.imports.apply()
            workspace.save(owner.source)
            owner, column = column_of(workspace, workspace.model(edit), edit.column)


def _set(writer: Writer, model: Model, column: Column, name: str, value: str | None) -> None:
    """Set a keyword of a column's call, which is made where the annotation was all."""
    if column.call is not None:
        set_keyword(model.source, column.call, name, value)
    elif value is not None:
        at = model.source.end(column.node)
        model.source.put(at, at, f" = {writer.orm('mapped_column')}({name}={value})")


def _change_type(workspace: Workspace, model: Model, column: Column, edit: ChangeColumn) -> None:
    assert edit.type is not None
    writer, source = Writer(workspace, model), model.source
    if column.annotation is not None:
        writer.style = MAPPED
    written = writer.type(edit.type, edit.labels)
    there = column.type
    sql = written.sql
    if written.derived and there is not None:
        from dbspecialist.orms.sqlalchemy.types import column_type

        known = column_type(edit.type)
        assert known is not None
        sql = writer.imports.write(known.type, writer.prefix)
    if there is not None:
        source.replace(there, sql)
    elif column.call is None and not written.derived:
        at = source.end(column.node)
        source.put(at, at, f" = {writer.orm('mapped_column')}({sql})")
    elif column.call is not None and not written.derived:
        named = _name_node(column.call)
        first = named is not None and column.call.args and column.call.args[0].value is named
        empty = not column.call.args
        insert(source, column.call, sql, None if empty else 0 if first else -1)
    _change_annotation(writer, model, column, written.python, None)
    writer.imports.apply()
    workspace.save(source)


def _change_annotation(
    writer: Writer, model: Model, column: Column, python: str | None, nullable: bool | None
) -> bool:
    """Write Mapped[…] for another class or nullability; tell whether it says so now."""
    found = _inner(column)
    if found is None:
        return False
    text = model.source.code(found)
    mark = text[0] if text[:1] in "\"'" else ""
    text = text.strip("\"'")
    plain, optional = _without_none(text)
    if python is not None and _KNOWN.fullmatch(plain):
        plain = python
    optional = optional if nullable is None else nullable
    new = writer.optional(plain) if optional else plain
    model.source.replace(found, f"{mark}{new}{mark}")
    return True


def _inner(column: Column) -> cst.CSTNode | None:
    annotation = column.annotation
    if isinstance(annotation, cst.Subscript) and last_name(annotation.value) == "Mapped":
        return annotation.slice[0].slice
    return None


def _without_none(text: str) -> tuple[str, bool]:
    optional = re.fullmatch(r"(?:\w+\.)?Optional\[(.*)\]", text, re.DOTALL)
    if optional:
        return optional[1], True
    union = [item.strip() for item in text.split("|")]
    if "None" in union and "[" not in text.replace("dict[", "").replace("list[", ""):
        return " | ".join(item for item in union if item != "None"), True
    if text.endswith("| None"):
        return text.removesuffix("| None").strip(), True
    return text, False


def _change_nullable(workspace: Workspace, model: Model, column: Column, nullable: bool) -> None:
    writer, source = Writer(workspace, model), model.source
    told = _change_annotation(writer, model, column, None, nullable)
    stated_ = column.call and keyword(column.call, "nullable")
    if stated_ or not told:
        _set(writer, model, column, "nullable", str(nullable) if told or not nullable else None)
    writer.imports.apply()
    workspace.save(source)
