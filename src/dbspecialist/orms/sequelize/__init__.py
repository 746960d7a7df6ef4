"""Sequelize: models by `define` and `init`, edited with their formatting kept."""

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
from dbspecialist.orms.script import script_files
from dbspecialist.orms.sequelize import columns, keys
from dbspecialist.orms.sequelize.workspace import Workspace, holds_models

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
    AddEnumValue: keys.add_enum_value,
}


class SequelizeModels:
    """Sequelize's models below a folder."""

    name = "sequelize"

    def __init__(self, root: Path) -> None:
        self.root = root

    def holds(self, edit: ModelEdit) -> bool:
        """Whether the table or type that an edit is about is theirs."""
        workspace = Workspace(self.root)
        if isinstance(edit, AddEnumValue):
            return any(
                edit.plain == f"enum_{table}_{column}"
                for model in workspace.models()
                for table in model.tables()
                for column in model.columns()
            )
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
                made = type(edit).__name__ == "CreateTable"
                what = "a new table's" if made else "a dropped table's"
                raise InputError(
                    f"{what} model is not written, {getattr(edit, 'table', '')}: "
                    "other files load each by name",
                    str(self.root),
                    "write it by hand",
                )
            how(workspace, edit)
        return workspace.edits()


def detect(root: Path) -> SequelizeModels | None:
    """Return the models of a repository that uses Sequelize, or nothing."""
    found = any(holds_models(text) for _, text in script_files(root))
    return SequelizeModels(root) if found and any(True for _ in Workspace(root).models()) else None
