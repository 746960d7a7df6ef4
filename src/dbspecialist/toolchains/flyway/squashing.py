"""A Flyway baseline migration: it is run where nothing has, and the versions before it are not.

The versions stay ("Baseline Migrations", Flyway's manual): `flyway validate` asks a database that
has run them for them.
"""

from __future__ import annotations

from collections.abc import Sequence

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.flyway.project import FlywayProject
from dbspecialist.toolchains.flyway.revisions import in_style
from dbspecialist.toolchains.revisions import NewRevision, comment, slug
from dbspecialist.toolchains.sql_files_revisions import script
from dbspecialist.toolchains.squashing import Squashed
from dbspecialist.toolchains.walk import relative


def squashed(project: FlywayProject, replaced: Sequence[Migration], item: NewRevision) -> Squashed:
    """Return a baseline script of the last version."""
    if replaced[0].parents:
        what = "a baseline stands for all that precedes it"
        raise InputError(what, replaced[0].path, "begin at the first version")
    name, path = project.scripts[replaced[-1].revision]
    version = path.name[1:].partition("__")[0]
    baseline = path.with_name(f"B{version}__{slug(item.title)}.sql")
    text = "\n".join((*comment(item.title, "--"), script(in_style(project, item.up))))
    note = (
        f"a database without a history runs the baseline in place of all up to {name.text}; the"
        " others go on as before, and the versions stay, since flyway validate asks for them"
    )
    edits = [FileEdit(relative(baseline, project.root), text)]
    if not item.transactional:
        settings = baseline.with_name(f"{baseline.name}.conf")
        edits.append(FileEdit(relative(settings, project.root), "executeInTransaction=false\n"))
    return Squashed(tuple(edits), (), (note,))
