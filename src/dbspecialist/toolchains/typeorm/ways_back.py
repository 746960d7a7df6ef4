"""The method `down` of a TypeORM migration, written anew."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.node.bodies import with_body
from dbspecialist.toolchains.node.new_files import in_style
from dbspecialist.toolchains.typeorm.project import TypeormProject
from dbspecialist.toolchains.typeorm.revisions import RUNNER, code


def with_way_back(
    project: TypeormProject, migration: Migration, statements: Sequence[str]
) -> tuple[FileEdit, ...]:
    """Return the migration's file with another body of `down`."""
    own = next(item for item in project.classes if item.name == migration.revision)
    styled = in_style([item.path for item in project.classes], statements)

    def lines(given: str) -> Iterator[str]:
        name = re.match(r"[A-Za-z_$][\w$]*", given)
        if name is None:
            raise InputError("down has no parameter", migration.path, f"give it {RUNNER}")
        for line in code(project, styled, True, False, own.transaction is False):
            yield line.replace(f"await {RUNNER}.", f"await {name[0]}.", 1)

    return (with_body(project.root, migration.path, "down", lines),)
