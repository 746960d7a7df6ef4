"""What an ORM is: it finds its models in a repository and edits their text.

An ORM is one package in this folder with a function `detect(root: Path) -> Models | None`. It is
found by being there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.model_edit import ModelEdit


class Models(Protocol):
    """One ORM's models in a repository."""

    @property
    def name(self) -> str:
        """The ORM's name (`sqlalchemy`)."""

    @property
    def root(self) -> Path:
        """The repository's root, from which paths are told."""

    def holds(self, edit: ModelEdit) -> bool:
        """Whether the table or type that an edit is about is theirs."""

    def edited(self, edits: Sequence[ModelEdit]) -> tuple[FileEdit, ...]:
        """Return the files as they are after the edits, which build on one another.

        Raises:
            InputError: Where what is to change cannot be told safely; with file and line.
        """
