"""Properties that come, go, are renamed and change with their columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import (
    AddColumn,
    ChangeColumn,
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
from dbspecialist.orms.typeorm.workspace import Workspace
from dbspecialist.orms.typeorm.writing import (
    column_arguments,
    default_text,
    details,
    property_name,
    stated_type,
    write_property,
)
from dbspecialist.toolchains.node.typescript_tree import text_of

if TYPE_CHECKING:
    from tree_sitter import Node


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
    options += details(script, column, typescript)
    decorator = f"@Column({column_arguments(script, type_, options)})"
    write_property(entity, decorator, name, f"{typescript}{' | null' if column.nullable else ''}")
    import_name(script, "typeorm", "Column")
    workspace.save(script)


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
