"""What refers to a column or table by name: foreign keys, indexes, texts, relationships."""

from __future__ import annotations

import re

import libcst as cst

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import RenameColumn, RenameTable
from dbspecialist.orms.sqlalchemy.items import quoted
from dbspecialist.orms.sqlalchemy.model import Column, Model, target_of
from dbspecialist.orms.sqlalchemy.source import (
    Source,
    body_of,
    called,
    keyword,
    strings_in,
    text_value,
)
from dbspecialist.orms.sqlalchemy.table_args import stated
from dbspecialist.orms.sqlalchemy.workspace import Workspace


def rename_references(workspace: Workspace, edit: RenameColumn, keyed: bool) -> None:
    """Write a column's new name where texts and other tables name it.

    Args:
        workspace: The files.
        edit: The names.
        keyed: Whether the column's key stays the old name: then only SQL texts change.
    """
    if not keyed:
        ends = re.compile(rf"(^|\.){re.escape(edit.plain)}\.{re.escape(edit.column)}$")
        named = rf"""["']([\w.]+\.)?{re.escape(edit.plain)}\.{re.escape(edit.column)}["']"""
        for source in workspace.mentioning(named):
            for item in _key_strings(source):
                if ends.search(str(item.evaluated_value)):
                    new = str(item.evaluated_value).removesuffix(edit.column) + edit.name
                    source.replace(item, quoted(new))
            workspace.save(source)
    model = workspace.model(edit)
    word = re.compile(rf"\b{re.escape(edit.column)}\b")
    for found in stated(model):
        for item in _column_strings(found.call, found.kind):
            value = str(item.evaluated_value)
            if value == edit.column and not keyed:
                model.source.replace(item, quoted(edit.name))
            elif value != edit.column and _is_sql(found.call, item) and word.search(value):
                model.source.replace(item, quoted(word.sub(edit.name, value)))
    workspace.save(model.source)


def _column_strings(call: cst.Call, kind: str) -> list[cst.SimpleString]:
    """Return the strings of a constraint that are no name of its own."""
    named = keyword(call, "name")
    own = {id(item) for item in strings_in(named)} if named else set()
    if kind == "Index" and call.args:
        own |= {id(item) for item in strings_in(call.args[0])}
    return [item for item in strings_in(call) if id(item) not in own]


def _is_sql(call: cst.Call, item: cst.SimpleString) -> bool:
    """Whether a string is SQL: a CHECK's condition, or the argument of text()."""
    if called(call) == "CheckConstraint":
        return True
    found: list[bool] = []

    class Visitor(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:  # noqa: N802 - libcst's name
            if called(node) == "text" and any(arg.value is item for arg in node.args):
                found.append(True)

    call.visit(Visitor())
    return bool(found)


def _key_strings(source: Source) -> list[cst.SimpleString]:
    """Return the strings within ForeignKey(…) and ForeignKeyConstraint(…)."""
    found: list[cst.SimpleString] = []

    class Visitor(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:  # noqa: N802 - libcst's name
            if called(node) in {"ForeignKey", "ForeignKeyConstraint"}:
                found.extend(item for item in strings_in(node) if item not in found)

    source.tree.visit(Visitor())
    return found


def rename_table(workspace: Workspace, edit: RenameTable) -> None:
    """Give a table another name; classes and attributes keep theirs."""
    model = workspace.model(edit)
    source = model.source
    if isinstance(model.node, cst.Call):
        source.replace(model.node.args[0].value, quoted(edit.name))
    else:
        line = model.assignment("__tablename__")
        if line is None:
            raise InputError(
                f"the class does not state its table {edit.plain}",
                source.place(model.node),
                "write its __tablename__ first",
            )
        item = line.body[0]
        assert isinstance(item, cst.Assign | cst.AnnAssign)
        assert item.value is not None
        source.replace(item.value, quoted(edit.name))
    workspace.save(source)
    old = re.compile(rf"^((?:\w+\.)?){re.escape(edit.plain)}(\.\w+)$")
    named = rf"""["']([\w.]+\.)?{re.escape(edit.plain)}(\.\w+)?["']"""
    for other in workspace.mentioning(named):
        for string in _key_strings(other):
            value = str(string.evaluated_value)
            if old.match(value):
                other.replace(string, quoted(old.sub(rf"\g<1>{edit.name}\g<2>", value)))
        for secondary in _secondaries(other, edit.plain):
            other.replace(secondary, quoted(edit.name))
        workspace.save(other)


def _secondaries(source: Source, table: str) -> list[cst.BaseExpression]:
    found: list[cst.BaseExpression] = []

    class Visitor(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:  # noqa: N802 - libcst's name
            named = keyword(node, "secondary") if called(node) == "relationship" else None
            if named is not None and text_value(named.value) == table:
                found.append(named.value)

    source.tree.visit(Visitor())
    return found


def refuse_relations(workspace: Workspace, model: Model, column: Column) -> None:
    """Refuse to take a foreign key's column away from a relationship that goes by it.

    Raises:
        InputError: With the relationship's place.
    """
    key = column.key
    target = text_value(key.args[0].value) if key is not None and key.args else None
    if not target:
        return
    table = target.split(".")[-2] if "." in target else target
    for other in workspace.find(table):
        pairs = [(model, other), (other, model)]
        for here, there in pairs:
            found = _relation(here, there)
            if found is not None:
                raise InputError(
                    f"a relationship with {there.table} goes by column {column.name}",
                    here.source.place(found),
                    "take it out first",
                )


def _relation(here: Model, there: Model) -> cst.CSTNode | None:
    if here.cls is None or there.cls is None:
        return None
    name = re.compile(rf"\b{re.escape(there.cls.name.value)}\b")
    for line in body_of(here.cls):
        if isinstance(line, cst.SimpleStatementLine):
            value = getattr(line.body[0], "value", None)
            if called(value) == "relationship" and name.search(here.source.code(line)):
                return line
    return None


def refuse_uses(model: Model, column: Column) -> None:
    """Refuse to take away a column that another statement of the class's body uses.

    Raises:
        InputError: With the statement's place.
    """
    for line in body_of(model.cls) if model.cls else ():
        if not isinstance(line, cst.SimpleStatementLine) or line is column.node:
            continue
        item = line.body[0]
        name = target_of(item)
        value = getattr(item, "value", None)
        if name == "__table_args__" or value is None or isinstance(item, cst.Expr):
            continue
        if _names(value, column.attribute):
            raise InputError(
                f"{name or 'a statement'} uses column {column.name}",
                model.source.place(line),
                "take it out first",
            )


def _names(node: cst.CSTNode, attribute: str) -> bool:
    """Whether an expression names an attribute, or states its name as a whole string."""
    code = cst.Module([]).code_for_node(node)
    text = re.escape(attribute)
    return re.search(rf"(?<![\w.\"']){text}(?![\w\"'=])|([\"']){text}\1", code) is not None
