"""Labels of enums in entities."""

from __future__ import annotations

import re

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import AddEnumValue
from dbspecialist.orms.script import insert_item, string_value, walk
from dbspecialist.orms.typeorm.workspace import Workspace
from dbspecialist.toolchains.node.typescript_tree import text_of


def add_enum_value(workspace: Workspace, edit: AddEnumValue) -> None:
    """Write a label more into the enum that columns of that type state.

    Raises:
        InputError: Where no column states it.
    """
    for entity in workspace.entities():
        for item in entity.properties():
            if string_value(item.option("enumName")) != edit.plain:
                continue
            values = item.option("enum")
            if values is not None and values.type == "array":
                after = [one for one in values.named_children if string_value(one) == edit.after]
                script = entity.script
                insert_item(script, values, script.string(edit.value), *after[:1])
                workspace.save(script)
                return
            if values is not None and _add_member(workspace, text_of(values), edit):
                return
    raise InputError(f"no TypeORM entity states enum {edit.plain}", str(workspace.root))


def _add_member(workspace: Workspace, name: str, edit: AddEnumValue) -> bool:
    for path, text in list(workspace.texts.items()):
        if f"enum {name}" not in text:
            continue
        script = workspace.script(path)
        for node in walk(script.root):
            own = node.child_by_field_name("name") if node.type == "enum_declaration" else None
            body = node.child_by_field_name("body")
            if own is None or body is None or text_of(own) != name:
                continue
            after = [
                one
                for one in body.named_children
                if string_value(one.child_by_field_name("value")) == edit.after and edit.after
            ]
            names = [text_of(one).partition("=")[0].strip() for one in body.named_children]
            member = re.sub(r"\W", "_", edit.value)
            member = member.upper() if all(item == item.upper() for item in names) else member
            insert_item(script, body, f"{member} = {script.string(edit.value)}", *after[:1])
            workspace.save(script)
            return True
    return False
