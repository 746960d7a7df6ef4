"""Properties that come, go, are renamed and change with their columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import (
    AddColumn,
    ChangeColumn,
    ColumnModel,
    DropColumn,
    RenameColumn,
)
from dbspecialist.orms.script import (
    Script,
    arguments,
    import_name,
    insert_item,
    set_pair,
    string_value,
    walk,
)
from dbspecialist.orms.typeorm.entity import Entity, Property
from dbspecialist.orms.typeorm.pinning import pin_names
from dbspecialist.orms.typeorm.types import enum_name, literal, typeorm_type
from dbspecialist.orms.typeorm.workspace import Workspace
from dbspecialist.toolchains.node.typescript_tree import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

Options = list[tuple[str, str]]


def add_column(workspace: Workspace, edit: AddColumn) -> None:
    """Write a property behind the last one of a column."""
    entity, column = workspace.entity(edit), edit.column
    script = entity.script
    if column.name in entity.columns():
        place = script.place(entity.columns()[column.name].node)
        raise InputError(f"table {edit.plain} has column {column.name} already", place)
    name = property_name(entity, column.name)
    mapped = "" if (name == column.name and not entity.snake) else column.name
    type_, options, typescript = stated_type(workspace, entity, column.type, column.labels)
    options = [("name", script.string(mapped)), *options] if mapped else options
    options += _details(script, column, typescript)
    decorator = f"@Column({_arguments(script, type_, options)})"
    write_property(entity, decorator, name, f"{typescript}{' | null' if column.nullable else ''}")
    import_name(script, "typeorm", "Column")
    workspace.save(script)


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


def _details(script: Script, column: ColumnModel, typescript: str) -> Options:
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


def _arguments(script: Script, type_: str, options: Options) -> str:
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


def property_of(entity: Entity, column: str) -> Property:
    """Return the property of a column.

    Raises:
        InputError: Where the class states none.
    """
    found = entity.columns().get(column)
    if found is None:
        raise InputError(
            f"class {entity.name} states no column {column}",
            entity.script.place(entity.node),
            "edit the class that it inherits from by hand",
        )
    return found


def drop_column(workspace: Workspace, edit: DropColumn) -> None:
    """Remove a property, and the indexes of the class that hold it."""
    entity = workspace.entity(edit)
    script, item = entity.script, property_of(entity, edit.column)
    for other in entity.properties():
        if other.relation is not None and edit.column in entity.joined(other):
            raise InputError(
                f"relation {other.name} goes by column {edit.column}",
                script.place(other.node),
                "drop its foreign key first",
            )
    for name, call in entity.decorators:
        if name in {"Index", "Unique"} and item.name in names_in(call):
            decorator = call.parent
            assert decorator is not None
            script.put(
                script.line_start(decorator.start_byte), script.line_end(decorator.end_byte - 1), ""
            )
    script.drop_lines(item.node.start_byte, item.node.end_byte)
    workspace.save(script)


def names_in(call: Node) -> list[str]:
    """Return the properties that an @Index or @Unique of a class names."""
    for item in arguments(call):
        if item.type == "array":
            return [string_value(one) or "" for one in item.named_children]
        if item.type == "arrow_function":
            return [
                text_of(one).rpartition(".")[2]
                for one in walk(item)
                if one.type == "member_expression"
            ]
    return []


def rename_column(workspace: Workspace, edit: RenameColumn) -> None:
    """Give a property another column; it keeps its name, and the names of its keys."""
    entity = workspace.entity(edit)
    item = property_of(entity, edit.column)
    pin_names(workspace, entity, item.name)
    entity = workspace.entity(edit)
    _set(entity.script, property_of(entity, edit.column), "name", entity.script.string(edit.name))
    workspace.save(entity.script)


def _set(script: Script, item: Property, name: str, value: str | None) -> None:
    """Set an option of a column's decorator."""
    call, options = item.column, item.options
    assert call is not None
    if options is not None:
        set_pair(script, options, name, value)
    elif value is not None:
        holder = call.child_by_field_name("arguments")
        assert holder is not None
        insert_item(script, holder, f"{{ {name}: {value} }}")


def change_column(workspace: Workspace, edit: ChangeColumn) -> None:
    """Change a column's type, nullability, default or comment."""
    if edit.type is not None:
        _change_type(workspace, edit)
    entity = workspace.entity(edit)
    item, script = property_of(entity, edit.column), entity.script
    typescript = text_type(item).replace("| null", "").strip()
    if edit.nullable is not None:
        written = f"{typescript} | null" if edit.nullable else typescript
        _retype(script, item, written)
    values = {
        "nullable": None if edit.nullable is None else ("true" if edit.nullable else ""),
        "comment": None if edit.comment is None else edit.comment and script.string(edit.comment),
        "default": None
        if edit.default is None
        else edit.default and default_text(script, edit.default, typescript),
    }
    for name, value in values.items():
        if value is not None:
            workspace.save(script)
            entity = workspace.entity(edit)
            script = entity.script
            _set(script, property_of(entity, edit.column), name, value or None)
    workspace.save(script)


def text_type(item: Property) -> str:
    """Return a property's type as TypeScript has it."""
    node = item.node.child_by_field_name("type")
    return text_of(node).removeprefix(":").strip() if node is not None else ""


def _retype(script: Script, item: Property, typescript: str) -> None:
    node = item.node.child_by_field_name("type")
    if node is not None:
        script.replace(node, f": {typescript}")


def _change_type(workspace: Workspace, edit: ChangeColumn) -> None:
    assert edit.type is not None
    entity = workspace.entity(edit)
    script, item = entity.script, property_of(entity, edit.column)
    name, options, typescript = stated_type(workspace, entity, edit.type, edit.labels)
    call = item.column
    assert call is not None
    given = arguments(call)
    first = given[0] if given and given[0].type == "string" else None
    if first is not None:
        script.replace(first, script.string(name))
    null = " | null" if "| null" in text_type(item) else ""
    _retype(script, item, typescript + null)
    wanted: dict[str, str | None] = dict.fromkeys(
        ("length", "precision", "scale", "array", "enum", "enumName")
    )
    wanted |= dict(options)
    if first is None:
        wanted["type"] = script.string(name)
    for key, value in wanted.items():
        workspace.save(script)
        entity = workspace.entity(edit)
        script = entity.script
        _set(script, property_of(entity, edit.column), key, value)
    workspace.save(script)
