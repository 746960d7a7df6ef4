"""Indexes and constraints of entities that come and go."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import (
    AddCheck,
    AddForeignKey,
    AddIndex,
    AddUnique,
    DropConstraint,
    DropIndex,
    RenameTable,
)
from dbspecialist.facts.names import bare, parts
from dbspecialist.orms.script import (
    arguments,
    import_name,
    insert_item,
    pairs,
    set_pair,
    string_value,
    value_of,
)
from dbspecialist.orms.typeorm.columns import property_of
from dbspecialist.orms.typeorm.entity import Entity, Property, derived_name, object_of
from dbspecialist.orms.typeorm.pinning import index_fields, index_name, pin_names
from dbspecialist.orms.typeorm.workspace import Workspace
from dbspecialist.orms.typeorm.writing import write_property
from dbspecialist.toolchains.node.typescript_tree import text_of

if TYPE_CHECKING:
    from tree_sitter import Node


def add_index(workspace: Workspace, edit: AddIndex) -> None:
    """State an index; one that TypeORM cannot describe is stated as left alone by it."""
    entity = workspace.entity(edit)
    script = entity.script
    plain = all(re.fullmatch(r'\w+|"[^"]+"', item) for item in edit.columns)
    name = script.string(edit.name)
    if not plain or edit.include or edit.method not in {"", "btree"}:
        _decorate(entity, "Index", f"{name}, {{ synchronize: false }}")
    else:
        fields = ", ".join(
            script.string(property_of(entity, bare(item)).name) for item in edit.columns
        )
        options = ["unique: true"] if edit.unique else []
        options += [f"where: {script.string(edit.predicate)}"] if edit.predicate else []
        more = f", {{ {', '.join(options)} }}" if options else ""
        _decorate(entity, "Index", f"{name}, [{fields}]{more}")
    workspace.save(script)


def add_unique(workspace: Workspace, edit: AddUnique) -> None:
    """State a unique constraint."""
    entity = workspace.entity(edit)
    script = entity.script
    fields = ", ".join(script.string(property_of(entity, item).name) for item in edit.columns)
    _decorate(entity, "Unique", f"{script.string(edit.name)}, [{fields}]")
    workspace.save(script)


def add_check(workspace: Workspace, edit: AddCheck) -> None:
    """State a CHECK."""
    entity = workspace.entity(edit)
    script = entity.script
    _decorate(entity, "Check", f"{script.string(edit.name)}, {script.string(edit.expression)}")
    workspace.save(script)


def _decorate(entity: Entity, name: str, given: str) -> None:
    """Write a decorator below those that the class has."""
    script = entity.script
    last = entity.decorators[-1][1].parent
    assert last is not None
    script.put(last.end_byte, last.end_byte, f"\n{script.indent(last)}@{name}({given})")
    import_name(script, "typeorm", name)


def drop_index(workspace: Workspace, edit: DropIndex) -> None:
    """Take an index out by its name, stated or made."""
    _drop(workspace, workspace.entity(edit), edit.name, "Index")


def drop_constraint(workspace: Workspace, edit: DropConstraint) -> None:
    """Take a constraint out by its name, stated or made."""
    entity = workspace.entity(edit)
    if edit.kind == "foreign key":
        _drop_key(workspace, entity, edit.name)
    else:
        _drop(workspace, entity, edit.name, {"unique": "Unique", "check": "Check"}[edit.kind])


def _drop(workspace: Workspace, entity: Entity, name: str, kind: str) -> None:
    script = entity.script
    columns = {item.name: entity.column_name(item) for item in entity.properties()}
    prefix = {"Index": "IDX", "Unique": "UQ", "Check": "CHK"}[kind]
    for found, call in entity.decorators:
        fields = tuple(columns.get(item, item) for item in index_fields(call))
        where = string_value(value_of(pairs(object_of(call)).get("where"))) or ""
        made = derived_name(prefix, entity.table, fields, where) if fields else ""
        if found == kind and name in {index_name(call), "" if index_name(call) else made}:
            _remove_decorator(entity, call)
            workspace.save(script)
            return
    for item in entity.properties():
        made = derived_name(prefix, entity.table, (columns[item.name],))
        call_ = item.decorators.get(kind)
        if call_ is not None and name in {index_name(call_), made}:
            _remove_decorator(entity, call_)
        elif kind == "Unique" and name == made and item.option("unique") is not None:
            options = item.options
            assert options is not None
            set_pair(script, options, "unique", None)
        else:
            continue
        workspace.save(script)
        return


def _remove_decorator(entity: Entity, call: Node) -> None:
    script, decorator = entity.script, call.parent
    assert decorator is not None
    start, end = script.line_start(decorator.start_byte), script.line_end(decorator.end_byte - 1)
    whole = script.between(start, end).strip() == text_of(decorator)
    if whole:
        script.put(start, end, "")
    else:
        script.put(decorator.start_byte, decorator.end_byte + 1, "")


def _drop_key(workspace: Workspace, entity: Entity, name: str) -> None:
    """Remove a relation whose column the class states besides."""
    script = entity.script
    for item in entity.properties():
        if item.relation is None or not entity.joined(item) or _key_name(entity, item) != name:
            continue
        stated = set(entity.columns())
        if not set(entity.joined(item)) <= stated:
            raise InputError(
                f"relation {item.name} also states the column {entity.joined(item)[0]}",
                script.place(item.node),
                "state the column as a property first",
            )
        script.drop_lines(item.node.start_byte, item.node.end_byte)
        workspace.save(script)
        return


def _key_name(entity: Entity, item: Property) -> str:
    join = item.decorators.get("JoinColumn")
    options = pairs(object_of(join)) if join is not None else {}
    stated = string_value(value_of(options.get("foreignKeyConstraintName")))
    return stated or derived_name("FK", entity.table, entity.joined(item))


def add_foreign_key(workspace: Workspace, edit: AddForeignKey) -> None:
    """Write a relation that goes by a column of the class."""
    entity, key = workspace.entity(edit), edit.key
    script = entity.script
    target = workspace.find(bare(parts(key.table)[-1]))
    if len(target) != 1 or len(key.columns) != 1:
        what = f"the entity of {key.table}" if len(target) != 1 else "a relation of one column"
        raise InputError(f"{what} was not found", script.place(entity.node), "write it by hand")
    other = target[0]
    column = property_of(entity, key.columns[0])
    options = []
    for option, action in (("onDelete", key.on_delete), ("onUpdate", key.on_update)):
        if action and action.upper() != "NO ACTION":
            options.append(f"{option}: {script.string(action.upper())}")
    given = f"() => {other.name}" + (f", {{ {', '.join(options)} }}" if options else "")
    join = [f"name: {script.string(key.columns[0])}"]
    referenced = other.columns().get(key.referenced[0])
    join.append(f"referencedColumnName: {script.string(referenced.name if referenced else 'id')}")
    join.append(f"foreignKeyConstraintName: {script.string(key.name)}")
    indent = script.indent(column.node)
    decorators = f"@ManyToOne({given})\n{indent}@JoinColumn({{ {', '.join(join)} }})"
    optional = column.option("nullable") is not None
    name = _relation_name(entity, column.name, other.name)
    write_property(entity, decorators, name, f"{other.name}{' | null' if optional else ''}")
    for needed in ("ManyToOne", "JoinColumn"):
        import_name(script, "typeorm", needed)
        workspace.save(script)
        script = workspace.script(script.path)
    if other.script.path != script.path:
        import_name(script, _module(script.path, other.script.path), other.name)
        workspace.save(script)


def _relation_name(entity: Entity, column: str, target: str) -> str:
    plain = re.sub(r"(_id|Id)$", "", column)
    taken = {item.name for item in entity.properties()}
    name = plain if plain != column else target[:1].lower() + target[1:]
    return name if name not in taken else f"{name}Relation"


def _module(here: str, there: str) -> str:
    path = posixpath.relpath(posixpath.splitext(there)[0], posixpath.dirname(here) or ".")
    return path if path.startswith(".") else f"./{path}"


def rename_table(workspace: Workspace, edit: RenameTable) -> None:
    """Give a class another table; the names of its keys stay."""
    pin_names(workspace, workspace.entity(edit))
    entity = workspace.entity(edit)
    script = entity.script
    call = next(call for name, call in entity.decorators if name == "Entity")
    given, options = arguments(call), object_of(call)
    if given and given[0].type == "string":
        script.replace(given[0], script.string(edit.name))
    elif options is not None:
        set_pair(script, options, "name", script.string(edit.name))
    else:
        holder = call.child_by_field_name("arguments")
        assert holder is not None
        insert_item(script, holder, script.string(edit.name))
    workspace.save(script)
