"""Writing the way back of a revision that is there, in the form of the project's toolchain.

A toolchain that can write it has a module `ways_back` in its package, or `<toolchain>_ways_back`
beside its module, with a function `with_way_back(project, migration, statements)`. It is found by
being there.
"""

from __future__ import annotations

from collections.abc import Sequence

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.revisions import beside
from dbspecialist.toolchains.sql_places import bare


def with_way_back(
    project: Project, migration: Migration, statements: Sequence[str]
) -> tuple[FileEdit, ...]:
    """Return the files that give a revision another way back; nothing else in them changes.

    Args:
        project: Whose revision it is.
        migration: The revision.
        statements: What takes it back, in order, in one transaction.

    Raises:
        InputError: Where the toolchain has no ways back, or the place cannot be told.
    """
    module = beside(project, "ways_back")
    if module is None:
        raise InputError(
            f"{project.name} has no ways back that can be written", migration.path, "write SQL"
        )
    edits: tuple[FileEdit, ...] = module.with_way_back(
        project, migration, tuple(bare(sql) for sql in statements)
    )
    return edits
