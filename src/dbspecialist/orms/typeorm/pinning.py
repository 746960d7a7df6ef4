"""Names of keys that TypeORM makes from tables and columns, stated before these are renamed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbspecialist.facts.errors import InputError
from dbspecialist.orms.script import (
    Script,
    arguments,
    insert_item,
    pairs,
    set_pair,
    string_value,
    value_of,
    walk,
)
from dbspecialist.orms.typeorm.entity import Entity, Property, derived_name, object_of
from dbspecialist.orms.typeorm.workspace import Workspace
from dbspecialist.toolchains.node.typescript_tree import text_of

if TYPE_CHECKING:
    from tree_sitter import Node


def pin_names(workspace: Workspace, entity: Entity, only: str = "") -> None:
    """State the names of a class's keys: of all, or of those that hold one property.

    Raises:
        InputError: Where a name cannot be stated in place.
    """
    script = entity.script
    items = list(entity.properties())
    columns = {item.name: entity.column_name(item) for item in items if item.column is not None}
    for name, call in entity.decorators:
        fields = index_fields(call)
        if name in {"Index", "Unique"} and fields and (not only or only in fields):
            if index_name(call):
                continue
            names = tuple(columns.get(item, item) for item in fields)
            prefix = "IDX" if name == "Index" else "UQ"
            where = _where(call)
            made = derived_name(prefix, entity.table, names, where)
            first = arguments(call)[0]
            script.put(first.start_byte, first.start_byte, f"{script.string(made)}, ")
    keys = [item for item in items if _is_key(item)]
    if keys and (not only or any(item.name == only for item in keys)):
        made = derived_name("PK", entity.table, tuple(columns[item.name] for item in keys))
        for item in keys:
            _state(script, item.column, "primaryKeyConstraintName", made)
    for item in items:
        if not only or item.name == only or only in _joins(entity, item, columns):
            _pin_property(entity, item, columns)
    workspace.save(script)


def _pin_property(entity: Entity, item: Property, columns: dict[str, str]) -> None:
    script = entity.script
    index = item.decorators.get("Index")
    if index is not None and not index_name(index):
        made = script.string(
            derived_name("IDX", entity.table, (columns.get(item.name, item.name),))
        )
        given = arguments(index)
        if given:
            script.put(given[0].start_byte, given[0].start_byte, f"{made}, ")
        else:
            _insert(script, index, made)
    unique = item.option("unique")
    if unique is not None and text_of(unique) == "true":
        raise InputError(
            f"the name of the unique key of {item.name} is made from its table's and column's",
            script.place(item.node),
            "state it as @Unique('name', [...]) of the class first",
        )
    if item.relation is not None and entity.joined(item):
        join = item.decorators.get("JoinColumn")
        if join is None:
            raise InputError(
                f"the name of the foreign key of {item.name} is made from its table's and column's",
                script.place(item.node),
                "give the relation a @JoinColumn first",
            )
        made = derived_name("FK", entity.table, entity.joined(item))
        _state(script, join, "foreignKeyConstraintName", made)


def _joins(entity: Entity, item: Property, columns: dict[str, str]) -> list[str]:
    joined = entity.joined(item) if item.relation is not None else ()
    return [name for name, column in columns.items() if column in joined]


def _is_key(item: Property) -> bool:
    primary = item.option("primary")
    by_option = primary is not None and text_of(primary) == "true"
    return by_option or bool({"PrimaryColumn", "PrimaryGeneratedColumn"} & set(item.decorators))


def _state(script: Script, call: Node | None, option: str, name: str) -> None:
    """State a name in the object among a call's arguments, unless one is stated."""
    assert call is not None
    options = object_of(call)
    if options is None:
        _insert(script, call, f"{{ {option}: {script.string(name)} }}")
    elif option not in pairs(options):
        set_pair(script, options, option, script.string(name))


def _insert(script: Script, call: Node, text: str) -> None:
    holder = call.child_by_field_name("arguments")
    assert holder is not None
    insert_item(script, holder, text)


def index_name(call: Node) -> str:
    """Return the name that an @Index or @Unique states, or ""."""
    given = arguments(call)
    return (string_value(given[0]) or "") if given else ""


def index_fields(call: Node) -> tuple[str, ...]:
    """Return the properties that an @Index or @Unique of a class names."""
    for item in arguments(call):
        if item.type == "array":
            return tuple(string_value(one) or "" for one in item.named_children)
        if item.type == "arrow_function":
            members = (one for one in walk(item) if one.type == "member_expression")
            return tuple(text_of(one).rpartition(".")[2] for one in members)
    return ()


def _where(call: Node) -> str:
    return string_value(value_of(pairs(object_of(call)).get("where"))) or ""
