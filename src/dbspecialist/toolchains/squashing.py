"""Writing one revision in place of several, in the form of the project's toolchain.

Where a toolchain goes by identifiers alone, the one revision keeps the identifier of the last that
it replaces, so that a database which has that one has it too and no version table changes.

A toolchain that can write it has a module `squashing` in its package, or `<toolchain>_squashing`
beside its module, with a function `squashed(project, replaced, item)`. It is found by being there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.revisions import NewRevision, beside

KEEPS = "a database that has {0} has it too; bring those between to {0} first"


@dataclass(frozen=True, slots=True)
class Squashed:
    """The files of one revision in place of several.

    Args:
        edits: What is written.
        removed: The files that go, from the project's root.
        notes: What version tables are to be told, one sentence each.
    """

    edits: tuple[FileEdit, ...]
    removed: tuple[str, ...]
    notes: tuple[str, ...]


def squashed(project: Project, replaced: Sequence[Migration], item: NewRevision) -> Squashed:
    """Return the files of one revision in place of several.

    Args:
        project: Whose revisions they are.
        replaced: Those that it replaces, in running order.
        item: What it does.

    Raises:
        InputError: Where the toolchain has no form for it.
    """
    module = beside(project, "squashing")
    if module is None:
        raise InputError(f"revisions of {project.name} are not squashed", str(project.root))
    found: Squashed = module.squashed(project, replaced, item)
    return found
