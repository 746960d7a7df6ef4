"""Attributes that come, go, are renamed and change with their columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import AddColumn, ChangeColumn, DropColumn, RenameColumn
from dbspecialist.facts.names import bare, parts
from dbspecialist.orms.script import (
    insert_item,
    pairs,
    remove_item,
    set_pair,
    string_value,
    value_of,
)
from dbspecialist.orms.sequelize.model import Model
from dbspecialist.orms.sequelize.types import literal, sequelize_type
from dbspecialist.orms.sequelize.workspace import Workspace
from dbspecialist.toolchains.node.typescript_tree import text_of

if TYPE_CHECKING:
    from tree_sitter import Node


def add_column(workspace: Workspace, edit: AddColumn) -> None:
    """Write an attribute behind the last one."""
    model, column = workspace.model(edit), edit.column
    script = model.script
    if column.name in model.columns():
        place = script.place(model.columns()[column.name])
        raise InputError(f"table {edit.plain} has column {column.name} already", place)
    name = _attribute_name(model, column.name)
    type_, typescript = stated_type(model, edit.plain, name, column.type, column.labels)
    options = [f"type: {type_}"]
    if model.column_name(name, model.attributes) != column.name:
        options.append(f"field: {script.string(column.name)}")
    options += [] if column.nullable else ["allowNull: false"]
    if column.default:
        options.append(f"defaultValue: {_default(model, column.default, typescript)}")
    options += [f"comment: {script.string(column.comment)}"] if column.comment else []
    insert_item(script, model.attributes, _attribute(model, name, options))
    _declare(model, name, f"{typescript}{' | null' if column.nullable else ''}")
    workspace.save(script)


def _attribute(model: Model, name: str, options: list[str]) -> str:
    """Write an attribute, in the shape that the last one has."""
    items = list(pairs(model.attributes).values())
    last = value_of(items[-1]) if items else None
    if len(options) == 1 and last is not None and last.type != "object":
        return f"{name}: {options[0].removeprefix('type: ')}"
    if last is not None and last.end_point[0] == last.start_point[0]:
        return f"{name}: {{ {', '.join(options)} }}"
    indent = model.script.indent(items[-1]) if items else "    "
    step = indent[: max(len(indent) // 2, 1)] if indent.strip(" ") else "  "
    step = (
        "    "
        if len(indent) % 4 == 0 and len(indent) != 4 and "\n        " in text_of(model.attributes)
        else step
    )
    inner = "".join(f"\n{indent}{step}{item}," for item in options)
    return f"{name}: {{{inner}\n{indent}}}"


def stated_type(
    model: Model, table: str, attribute: str, canonical: str, labels: tuple[str, ...]
) -> tuple[str, str]:
    """Return how a type is written, and TypeScript's class of its values."""
    known = sequelize_type(canonical, model.prefix)
    if known is not None:
        return known
    script, name = model.script, bare(parts(canonical)[-1])
    if labels and name == f"enum_{table}_{attribute}":
        values = ", ".join(map(script.string, labels))
        return f"{model.prefix}.ENUM({values})", " | ".join(map(script.string, labels))
    timed = canonical.startswith("timestamp")
    return script.string(canonical), "Date" if timed else "string"


def _default(model: Model, expression: str, typescript: str) -> str:
    text = literal(expression)
    if text is not None and typescript == "string":
        return model.script.string(text)
    if typescript == "number" and re.fullmatch(r"-?\d+(\.\d+)?", expression):
        return expression
    if typescript == "boolean" and expression in {"true", "false"}:
        return expression
    return f"{model.connection}.literal({model.script.string(expression)})"


def _attribute_name(model: Model, column: str) -> str:
    names = list(pairs(model.attributes))
    mapped = [
        name for name, item in model.columns().items() if text_of(item).partition(":")[0] != name
    ]
    if model.is_set("underscored") or (mapped and all("_" not in name for name in names)):
        first, *rest = [word for word in column.split("_") if word] or [column]
        return first + "".join(word[:1].upper() + word[1:] for word in rest)
    return column if re.fullmatch(r"[A-Za-z_$][\w$]*", column) else model.script.string(column)


def _declare(model: Model, name: str, typescript: str) -> None:
    """Write a class's declaration of an attribute, where it declares the others."""
    last = next(iter(reversed(_declarations(model))), None)
    if last is None:
        return
    script = model.script
    lead = "declare " if "declare " in text_of(last) else ""
    public = "public " if text_of(last).startswith("public ") else ""
    mark = "!" if "!:" in text_of(last) else ""
    at = script.line_end(last.end_byte - 1)
    end = ";" if script.between(last.end_byte, at).strip().startswith(";") else ""
    script.put(at, at, f"{script.indent(last)}{lead}{public}{name}{mark}: {typescript}{end}\n")


def _declarations(model: Model) -> list[Node]:
    """Return the properties of the model's class that declare attributes."""
    cls = model.cls()
    body = cls.child_by_field_name("body") if cls is not None else None
    names = set(pairs(model.attributes))
    return [item for item in (body.named_children if body else ()) if _declared(item) in names]


def _declared(node: Node) -> str:
    name = node.child_by_field_name("name")
    return text_of(name) if node.type == "public_field_definition" and name is not None else ""


def attribute_of(model: Model, column: str) -> Node:
    """Return the attribute (pair) of a column.

    Raises:
        InputError: Where the model states none.
    """
    found = model.columns().get(column)
    if found is None:
        raise InputError(
            f"model {model.name} states no column {column}",
            model.script.place(model.call),
            "edit it by hand",
        )
    return found


def name_of(item: Node) -> str:
    """Return an attribute's name."""
    key = item.child_by_field_name("key")
    assert key is not None
    return string_value(key) or text_of(key)


def drop_column(workspace: Workspace, edit: DropColumn) -> None:
    """Remove an attribute, its declaration, and the indexes that hold it."""
    model = workspace.model(edit)
    script, item = model.script, attribute_of(model, edit.column)
    name = name_of(item)
    workspace.refuse_associations(*{edit.column, name})
    remove_item(script, model.attributes, item)
    for declared in _declarations(model):
        if _declared(declared) == name:
            start, end = declared.start_byte, script.line_end(declared.end_byte - 1)
            script.put(script.line_start(start), end, "")
    indexes = model.option("indexes")
    for index in list(indexes.named_children) if indexes is not None else ():
        fields = value_of(pairs(index).get("fields"))
        names = (
            {string_value(one) for one in fields.named_children} if fields is not None else set()
        )
        if indexes is not None and {name, edit.column} & names:
            remove_item(script, indexes, index)
    workspace.save(script)


def rename_column(workspace: Workspace, edit: RenameColumn) -> None:
    """Give an attribute another column; it keeps its name."""
    model = workspace.model(edit)
    script, item = model.script, attribute_of(model, edit.column)
    name = name_of(item)
    indexes = model.option("indexes")
    for index in indexes.named_children if indexes is not None else ():
        fields = value_of(pairs(index).get("fields"))
        for one in fields.named_children if fields is not None else ():
            if string_value(one) == edit.column and edit.column != name:
                script.replace(one, script.string(edit.name))
    _set(model, item, "field", script.string(edit.name))
    workspace.save(script)


def _set(model: Model, item: Node, name: str, value: str | None) -> None:
    """Set an option of an attribute, which becomes an object where it was a type alone."""
    there = value_of(item)
    assert there is not None
    if there.type == "object":
        set_pair(model.script, there, name, value)
    elif name == "type" and value is not None:
        model.script.replace(there, value)
    elif value is not None:
        model.script.replace(there, f"{{ type: {text_of(there)}, {name}: {value} }}")


def change_column(workspace: Workspace, edit: ChangeColumn) -> None:
    """Change a column's type, nullability, default or comment."""
    model = workspace.model(edit)
    script = model.script
    typescript = "string"
    values: dict[str, str | None] = {}
    if edit.type is not None:
        name = name_of(attribute_of(model, edit.column))
        values["type"], typescript = stated_type(model, edit.plain, name, edit.type, edit.labels)
    if edit.nullable is not None:
        values["allowNull"] = None if edit.nullable else "false"
    if edit.default is not None:
        values["defaultValue"] = _default(model, edit.default, typescript) if edit.default else None
    if edit.comment is not None:
        values["comment"] = script.string(edit.comment) if edit.comment else None
    for key, value in values.items():
        model = workspace.model(edit)
        _set(model, attribute_of(model, edit.column), key, value)
        workspace.save(model.script)
    model = workspace.model(edit)
    name = name_of(attribute_of(model, edit.column))
    for declared in _declarations(model):
        if _declared(declared) == name:
            _retype(model, declared, typescript if edit.type else "", edit.nullable)
    workspace.save(model.script)


def _retype(model: Model, declared: Node, typescript: str, nullable: bool | None) -> None:
    node = declared.child_by_field_name("type")
    if node is None:
        return
    old = text_of(node).removeprefix(":").strip()
    plain = typescript or old.replace("| null", "").strip()
    null = "| null" in old if nullable is None else nullable
    model.script.replace(node, f": {plain}{' | null' if null else ''}")
