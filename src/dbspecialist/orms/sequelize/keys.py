"""Indexes, foreign keys, tables and labels of models."""

from __future__ import annotations

import re

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import (
    AddCheck,
    AddEnumValue,
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
    called,
    insert_item,
    pairs,
    remove_item,
    set_pair,
    string_value,
    value_of,
    walk,
)
from dbspecialist.orms.sequelize.columns import attribute_of, name_of
from dbspecialist.orms.sequelize.model import Model
from dbspecialist.orms.sequelize.workspace import Workspace
from dbspecialist.toolchains.node.typescript_tree import text_of


def add_index(workspace: Workspace, edit: AddIndex) -> None:
    """State an index in the model's options; one with INCLUDE is none of Sequelize's."""
    if edit.include:
        return
    model = workspace.model(edit)
    script = model.script
    fields = ", ".join(_field(model, item) for item in edit.columns)
    options = [f"name: {script.string(edit.name)}", f"fields: [{fields}]"]
    options += ["unique: true"] if edit.unique else []
    if edit.method not in {"", "btree"}:
        options.append(f"using: {script.string(edit.method)}")
    if edit.predicate:
        options.append(f"where: {model.connection}.literal({script.string(edit.predicate)})")
    _add(workspace, model, options)


def _field(model: Model, column: str) -> str:
    if re.fullmatch(r'\w+|"[^"]+"', column):
        return model.script.string(bare(column))
    return f"{model.connection}.literal({model.script.string(column)})"


def add_unique(workspace: Workspace, edit: AddUnique) -> None:
    """State a unique index: Sequelize gives constraints no names of their own."""
    model = workspace.model(edit)
    script = model.script
    fields = ", ".join(script.string(item) for item in edit.columns)
    name = f"name: {script.string(edit.name)}"
    _add(workspace, model, [name, f"fields: [{fields}]", "unique: true"])


def _add(workspace: Workspace, model: Model, options: list[str]) -> None:
    script, text = model.script, f"{{ {', '.join(options)} }}"
    indexes = model.option("indexes")
    if indexes is not None and indexes.type == "array":
        insert_item(script, indexes, text)
    elif indexes is not None:
        raise InputError("indexes is no plain array", script.place(indexes), "edit it by hand")
    elif model.options is not None:
        insert_item(script, model.options, f"indexes: [{text}]")
    else:
        holder = model.call.child_by_field_name("arguments")
        assert holder is not None
        insert_item(script, holder, f"{{ indexes: [{text}] }}")
    workspace.save(script)


def add_check(workspace: Workspace, edit: AddCheck) -> None:
    """Leave a CHECK to the migration: Sequelize's models cannot state one."""


def drop_index(workspace: Workspace, edit: DropIndex) -> None:
    """Take an index out by its name."""
    _drop(workspace, workspace.model(edit), edit.name, edit.plain, edit.columns)


def _drop(
    workspace: Workspace, model: Model, name: str, table: str, columns: tuple[str, ...]
) -> None:
    script, indexes = model.script, model.option("indexes")
    for item in indexes.named_children if indexes is not None else ():
        stated = string_value(value_of(pairs(item).get("name")))
        fields = value_of(pairs(item).get("fields"))
        names = [string_value(one) or "" for one in fields.named_children] if fields else []
        # Sequelize names an index for its table and fields ("nameIndex").
        if indexes is not None and name == (stated or "_".join([table, *names])):
            remove_item(script, indexes, item)
            workspace.save(script)
            return
    for column in columns:
        value = value_of(model.columns().get(column))
        if value is not None and "unique" in pairs(value):
            set_pair(script, value, "unique", None)
            workspace.save(script)
            return


def drop_constraint(workspace: Workspace, edit: DropConstraint) -> None:
    """Take a unique or foreign key out; CHECKs are none of Sequelize's."""
    model = workspace.model(edit)
    if edit.kind == "unique":
        _drop(workspace, model, edit.name, edit.plain, edit.columns)
    elif edit.kind == "foreign key" and len(edit.columns) == 1:
        item = attribute_of(model, edit.columns[0])
        workspace.refuse_associations(*{edit.columns[0], name_of(item)})
        for option in ("references", "onDelete", "onUpdate"):
            model = workspace.model(edit)
            value = value_of(attribute_of(model, edit.columns[0]))
            if value is not None and value.type == "object":
                set_pair(model.script, value, option, None)
                workspace.save(model.script)


def add_foreign_key(workspace: Workspace, edit: AddForeignKey) -> None:
    """State what a column references."""
    model, key = workspace.model(edit), edit.key
    script = model.script
    if len(key.columns) != 1:
        raise InputError(
            "Sequelize's models state foreign keys of one column",
            script.place(model.call),
            "leave it to the migration",
        )
    item = attribute_of(model, key.columns[0])
    value = value_of(item)
    assert value is not None
    table = script.string(bare(parts(key.table)[-1]))
    options = [f"references: {{ model: {table}, key: {script.string(key.referenced[0])} }}"]
    for option, action in (("onDelete", key.on_delete), ("onUpdate", key.on_update)):
        if action and action.upper() != "NO ACTION":
            options.append(f"{option}: {script.string(action.upper())}")
    if value.type != "object":
        script.replace(value, f"{{ type: {text_of(value)}, {', '.join(options)} }}")
    else:
        own = [one for one in value.named_children if one.type != "comment"]
        lines = own and own[-1].start_point[0] > value.start_point[0]
        gap = f",\n{script.indent(own[-1])}" if lines else ", "
        insert_item(script, value, gap.join(options))
    workspace.save(script)


def rename_table(workspace: Workspace, edit: RenameTable) -> None:
    """Give a model another table, and what refers to it the new name."""
    model = workspace.model(edit)
    script = model.script
    name = script.string(edit.name)
    if model.options is not None:
        set_pair(script, model.options, "tableName", name)
    else:
        holder = model.call.child_by_field_name("arguments")
        assert holder is not None
        insert_item(script, holder, f"{{ tableName: {name} }}")
    workspace.save(script)
    for path in list(workspace.texts):
        other = workspace.script(path)
        for node in walk(other.root):
            refers = value_of(pairs(node).get("references")) if node.type == "object" else None
            target = value_of(pairs(refers).get("model"))
            if target is not None and string_value(target) == edit.plain:
                other.replace(target, other.string(edit.name))
        workspace.save(other)


def add_enum_value(workspace: Workspace, edit: AddEnumValue) -> None:
    """Write a label more into the ENUM(…) whose type Sequelize names for its table and column.

    Raises:
        InputError: Where no model states it.
    """
    for model in workspace.models():
        for column, item in model.columns().items():
            names = {f"enum_{table}_{column}" for table in model.tables()}
            kinds = [one for one in walk(item) if called(one) == "ENUM"]
            if edit.plain not in names or not kinds:
                continue
            labels = arguments(kinds[0])
            after = [one for one in labels if edit.after and string_value(one) == edit.after]
            holder = kinds[0].child_by_field_name("arguments")
            assert holder is not None
            insert_item(model.script, holder, model.script.string(edit.value), *after[:1])
            workspace.save(model.script)
            return
    raise InputError(f"no Sequelize model states enum {edit.plain}", str(workspace.root))
