"""The models of one repository, and each kind of edit of them."""

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
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    ModelEdit,
    RenameColumn,
    RenameTable,
)
from dbspecialist.orms.sqlalchemy.changes import change_column, drop_column, rename_column
from dbspecialist.orms.sqlalchemy.columns import add_column
from dbspecialist.orms.sqlalchemy.constraints import (
    add_check,
    add_index,
    add_unique,
    drop_constraint,
    drop_index,
)
from dbspecialist.orms.sqlalchemy.enums import add_enum_value, find_enum
from dbspecialist.orms.sqlalchemy.foreign_keys import add_foreign_key
from dbspecialist.orms.sqlalchemy.references import rename_table
from dbspecialist.orms.sqlalchemy.tables import create_table, drop_table
from dbspecialist.orms.sqlalchemy.workspace import Workspace

_HOW: dict[type[Any], Callable[[Workspace, Any], None]] = {
    AddColumn: add_column,
    DropColumn: drop_column,
    RenameColumn: rename_column,
    ChangeColumn: change_column,
    AddIndex: add_index,
    DropIndex: drop_index,
    AddUnique: add_unique,
    AddCheck: add_check,
    AddForeignKey: add_foreign_key,
    DropConstraint: drop_constraint,
    CreateTable: create_table,
    DropTable: drop_table,
    RenameTable: rename_table,
    AddEnumValue: add_enum_value,
}


class SqlalchemyModels:
    """SQLAlchemy's models below a folder."""

    name = "sqlalchemy"

    def __init__(self, root: Path) -> None:
        self.root = root

    def holds(self, edit: ModelEdit) -> bool:
        """Whether the table or type that an edit is about is theirs."""
        workspace = Workspace(self.root)
        if isinstance(edit, AddEnumValue):
            return find_enum(workspace, edit.plain) is not None
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
                raise InputError(f"SQLAlchemy's models know no {type(edit).__name__}")
            how(workspace, edit)
        return workspace.edits()
