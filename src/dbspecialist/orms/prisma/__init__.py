"""Prisma: schema.prisma, edited by its lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dbspecialist.facts.change import FileEdit
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
from dbspecialist.orms.prisma import columns, keys, tables
from dbspecialist.orms.prisma.document import Document, schema_files


def _nothing(document: Document, edit: AddCheck) -> None:
    """Leave a CHECK to the migration: Prisma's schema cannot state one."""


_HOW: dict[type[Any], Callable[[Document, Any], None]] = {
    AddColumn: columns.add_column,
    DropColumn: columns.drop_column,
    RenameColumn: columns.rename_column,
    ChangeColumn: columns.change_column,
    AddIndex: keys.add_index,
    DropIndex: keys.drop_index,
    AddUnique: keys.add_unique,
    AddForeignKey: keys.add_foreign_key,
    DropConstraint: keys.drop_constraint,
    AddCheck: _nothing,
    CreateTable: tables.create_table,
    DropTable: tables.drop_table,
    RenameTable: tables.rename_table,
    AddEnumValue: tables.add_enum_value,
}


class PrismaModels:
    """The Prisma schemas below a folder."""

    name = "prisma"

    def __init__(self, root: Path, paths: Sequence[Path]) -> None:
        self.root, self._paths = root, paths

    def holds(self, edit: ModelEdit) -> bool:
        """Whether the table or type that an edit is about is theirs."""
        document = Document(self.root, self._paths)
        if isinstance(edit, AddEnumValue):
            return any(item.table == edit.plain for item in document.blocks("enum"))
        return bool(document.find(edit.plain, edit.schema))

    def edited(self, edits: Sequence[ModelEdit]) -> tuple[FileEdit, ...]:
        """Return the files as they are after the edits, which build on one another.

        Raises:
            InputError: Where what is to change cannot be told safely; with file and line.
        """
        document = Document(self.root, self._paths)
        for edit in edits:
            _HOW[type(edit)](document, edit)
        return document.edits()


def detect(root: Path) -> PrismaModels | None:
    """Return the models of a repository that has a Prisma schema, or nothing."""
    paths = schema_files(root)
    return PrismaModels(root, paths) if paths else None
