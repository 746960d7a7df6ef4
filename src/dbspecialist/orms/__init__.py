"""ORMs: they find a repository's models and edit them with a migration."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import CreateTable, ModelEdit
from dbspecialist.orms.base import Models


def detect(root: Path) -> tuple[Models, ...]:
    """Return the models of every ORM that a repository uses."""
    found = (module.detect(root) for module in _modules())
    return tuple(models for models in found if models is not None)


def edited(root: Path, edits: Sequence[ModelEdit]) -> tuple[FileEdit, ...]:
    """Return the files of a repository's models as they are after the edits.

    Args:
        root: The repository's root; without models of any ORM nothing is returned.
        edits: In the order of the migration; each builds on those before it.

    Raises:
        InputError: Where no model of a table is found, or a change cannot be told safely.
    """
    everything = detect(root)
    if not everything:
        return ()
    if len(everything) == 1:
        return everything[0].edited(edits)
    known = [(models, _of(models, edits)) for models in everything]
    chosen = [(models, own) for models, own in known if own]
    missed = [item for item in edits if not any(item in own for _, own in chosen)]
    if missed:
        names = ", ".join(models.name for models in everything)
        raise InputError(f"{_subject(missed[0])} is in the models of none: {names}", str(root))
    return tuple(edit for models, own in chosen for edit in models.edited(own))


def _of(models: Models, edits: Sequence[ModelEdit]) -> list[ModelEdit]:
    """Return the edits that are about tables of these models, new tables among them."""
    own: list[ModelEdit] = []
    made: set[str] = set()
    for item in edits:
        if isinstance(item, CreateTable):
            made.add(item.table)
        if isinstance(item, CreateTable) or _subject(item) in made or models.holds(item):
            own.append(item)
    return own if any(models.holds(item) for item in own) else []


def _subject(edit: ModelEdit) -> str:
    return str(getattr(edit, "table", "") or getattr(edit, "enum", ""))


def _modules() -> Iterator[ModuleType]:
    for item in pkgutil.iter_modules(__path__):
        if item.ispkg:
            yield importlib.import_module(f"{__name__}.{item.name}")
