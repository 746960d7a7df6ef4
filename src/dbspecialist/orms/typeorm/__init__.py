"""TypeORM: decorated entities, edited with their formatting kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import (
    AddCheck,
    AddColumn,
    AddEnumValue,
    AddForeignKey,
    AddIndex,
    AddUnique,
    ChangeColumn,
    DropColumn,
    DropConstraint,
    DropIndex,
    ModelEdit,
    RenameColumn,
    RenameTable,
)
from dbspecialist.orms.script import script_files, string_value
from dbspecialist.orms.typeorm import columns, enums, keys
from dbspecialist.orms.typeorm.workspace import Workspace

_HOW: dict[type[Any], Callable[[Workspace, Any], None]] = {
    AddColumn: columns.add_column,
    DropColumn: columns.drop_column,
    RenameColumn: columns.rename_column,
    ChangeColumn: columns.change_column,
    AddIndex: keys.add_index,
    DropIndex: keys.drop_index,
    AddUnique: keys.add_unique,
    AddCheck: keys.add_check,
    AddForeignKey: keys.add_foreign_key,
    DropConstraint: keys.drop_constraint,
    RenameTable: keys.rename_table,
    AddEnumValue: enums.add_enum_value,
}


class TypeormModels:
    """TypeORM's entities below a folder."""

    name = "typeorm"

    def __init__(self, root: Path) -> None:
        self.root = root

    def holds(self, edit: ModelEdit) -> bool:
        """Whether the table or type that an edit is about is theirs."""
        workspace = Workspace(self.root)
        if isinstance(edit, AddEnumValue):
            names = (
                string_value(item.option("enumName"))
                for entity in workspace.entities()
                for item in entity.properties()
            )
            return edit.plain in names
        return bool(workspace.find(edit.plain, edit.schema))

    def edited(self, edits: Sequence[ModelEdit]) -> tuple[FileEdit, ...]:
        """Return the files as they are after the edits, which build on one another.

        Raises:
            InputError: Where what is to change cannot be told safely; with file and line.
        """
        workspace = Workspace(self.root)
        for edit in edits:
            how = _HOW.get(type(edit))
            if how is None:
                what = (
                    "a new table's" if type(edit).__name__ == "CreateTable" else "a dropped table's"
                )
                table = getattr(edit, "table", "")
                raise InputError(
                    f"{what} entity is not written, {table}: the data source may name each",
                    str(self.root),
                    "write it by hand",
                )
            how(workspace, edit)
        return workspace.edits()


def detect(root: Path) -> TypeormModels | None:
    """Return the entities of a repository that uses TypeORM, or nothing."""
    found = any("@Entity(" in text and "typeorm" in text for _, text in script_files(root))
    return TypeormModels(root) if found else None
