"""How types, defaults and properties are written in the style that a class has."""

from __future__ import annotations

import re

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import ColumnModel
from dbspecialist.orms.script import Script, string_value
from dbspecialist.orms.typeorm.entity import Entity
from dbspecialist.orms.typeorm.types import enum_name, literal, typeorm_type
from dbspecialist.orms.typeorm.workspace import Workspace
from dbspecialist.toolchains.node.typescript_tree import text_of

Options = list[tuple[str, str]]


def stated_type(
    workspace: Workspace, entity: Entity, canonical: str, labels: tuple[str, ...] = ()
) -> tuple[str, Options, str]:
    """Return a type's name, its options and TypeScript's class.

    Raises:
        InputError: Where TypeORM has no type for it that is known here.
    """
    known = typeorm_type(canonical)
    if known is not None:
        return known.name, list(known.options), known.typescript
    script, name = entity.script, enum_name(canonical)
    for other in workspace.entities():
        for item in other.properties():
            if string_value(item.option("enumName")) != name:
                continue
            values = item.option("enum")
            if (
                values is not None
                and values.type == "identifier"
                and other.script.path == script.path
            ):
                text = text_of(values)
                return "enum", [("enum", text), ("enumName", script.string(name))], text
    if labels:
        values_ = ", ".join(map(script.string, labels))
        text = " | ".join(map(script.string, labels))
        return "enum", [("enum", f"[{values_}]"), ("enumName", script.string(name))], text
    raise InputError(
        f"no TypeORM type is known for {canonical}",
        script.place(entity.node),
        "write the column by hand",
    )


def details(script: Script, column: ColumnModel, typescript: str) -> Options:
    """Return a column's options beside its type."""
    found = [("nullable", "true")] if column.nullable else []
    if column.default:
        found.append(("default", default_text(script, column.default, typescript)))
    if column.comment:
        found.append(("comment", script.string(column.comment)))
    return found


def default_text(script: Script, expression: str, typescript: str) -> str:
    """Return a default: a constant of TypeScript, or a function that gives SQL."""
    text = literal(expression)
    if text is not None and typescript.replace("string", "").strip("| '\"") == "":
        return script.string(text)
    if typescript == "number" and re.fullmatch(r"-?\d+(\.\d+)?", expression):
        return expression
    if typescript == "boolean" and expression in {"true", "false"}:
        return expression
    return f"() => {script.string(expression)}"


def column_arguments(script: Script, type_: str, options: Options) -> str:
    """Return what stands in the parentheses of @Column, in the form that the file has."""
    inner = ", ".join(f"{name}: {value}" for name, value in options)
    if re.search(r"@Column\(\s*\{\s*\n?\s*(name: [^,]+,\s*)?type:", script.text):
        return f"{{ type: {script.string(type_)}{', ' if inner else ''}{inner} }}"
    return script.string(type_) + (f", {{ {inner} }}" if inner else "")


def property_name(entity: Entity, column: str) -> str:
    """Return a property's name: in camel case where the class maps names with underscores."""
    mapped = [item for item in entity.properties() if item.option("name") is not None]
    if entity.snake or (mapped and all("_" not in item.name for item in mapped)):
        first, *rest = [word for word in column.split("_") if word] or [column]
        return first + "".join(word[:1].upper() + word[1:] for word in rest)
    return column


def write_property(entity: Entity, decorator: str, name: str, typescript: str) -> None:
    """Write a property with its decorator behind the last column, spaced as the others are."""
    script, items = entity.script, list(entity.properties())
    columns = [item for item in items if item.column is not None] or items
    if not columns:
        raise InputError("the class has no column to write one like", script.place(entity.node))
    last = columns[-1].node
    indent = script.indent(last)
    text = script.between(last.start_byte, last.end_byte)
    mark = "!" if f"{columns[-1].name}!:" in text else ""
    access = re.search(
        r"\b(public|protected|private)\s+(readonly\s+)?" + re.escape(columns[-1].name), text
    )
    lead = "public " if access and access[1] == "public" else ""
    inline = "\n" not in text
    at = script.line_end(last.end_byte - 1)
    spaced = len(items) < 2 or "\n\n" in script.between(
        items[-2].node.end_byte, items[-1].node.start_byte
    ).replace("\r", "")
    gap = " " if inline else f"\n{indent}"
    end = ";" if script.between(last.end_byte, at).strip().startswith(";") else script.end
    lines = f"{indent}{decorator}{gap}{lead}{name}{mark}: {typescript}{end}\n"
    script.put(at, at, ("\n" if spaced else "") + lines)
