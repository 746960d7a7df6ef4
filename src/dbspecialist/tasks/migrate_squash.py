"""Squashing: one revision in place of several, proven to end where they do."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.engines.postgresql.script import split_script
from dbspecialist.facts.comparison import comparable
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.revision_files import RevisionFiles
from dbspecialist.facts.schema_diff import Script
from dbspecialist.proofs.mapped import target_of
from dbspecialist.proofs.revisions_of_schemas import RUNNERS, schema_of, without_version_tables
from dbspecialist.proofs.schema_equality import catalogue_proof, dump_proof
from dbspecialist.proofs.trials import brought_to
from dbspecialist.tasks.migrate import drop_version_tables
from dbspecialist.tasks.migrate_names import read_names, renames_between
from dbspecialist.tasks.migrate_project import Wanted, project_of, replace_files
from dbspecialist.tasks.schema_road import Road
from dbspecialist.toolchains.base import MigrationFailed, Project
from dbspecialist.toolchains.copies import copied
from dbspecialist.toolchains.git_known import refuse_unkept
from dbspecialist.toolchains.pending import find
from dbspecialist.toolchains.revisions import NewRevision
from dbspecialist.toolchains.squashing import Squashed, squashed
from dbspecialist.twins.sides import Connection, Sides, open_sides
from dbspecialist.twins.stage import Stage, open_stage
from dbspecialist.twins.variables import hidden_variables

ROWS = "each table holds as many rows after the whole history"

_FIRST_OF_ROWS = re.compile(r"ALTER TABLE .* ADD CONSTRAINT .* FOREIGN KEY|CREATE .*TRIGGER ", re.S)
_ROWS = re.compile(r"INSERT INTO |SELECT pg_catalog\.setval\(")


@hidden_variables()
def squash(
    first: str,
    last: str,
    wanted: Wanted,
    *,
    force: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> RevisionFiles:
    """Write one revision in place of a range of them, and replay the history with it from zero.

    Args:
        first: The first revision of the range; "" for the first of all.
        last: The last.
        wanted: The project, the title, and whether files are written.
        force: Whether to write over files that git does not have.
        tell: Called with each step, a clause.

    Raises:
        InputError: Where the range is none, others branch off inside it, its revisions write rows
            into tables that were there before, or the toolchain has no form for it.
    """
    project = project_of(wanted)
    before, inside, after = _divided(project, first, last)
    title = wanted.title or f"Squash {inside[0].revision} to {inside[-1].revision}"
    try:
        with open_stage(None) as stage, open_sides(stage.cluster) as sides:
            scene = _Scene(stage, sides, project)
            tell("running the range")
            item = scene.revision(before, inside, title)
            made = squashed(project, inside, item)
            tell("running the history with and without it")
            proofs = scene.proofs((*before, *inside, *after), made)
    except MigrationFailed as error:
        raise InputError(
            f"the history does not replay: {error.reason}",
            f"{project.name} revision {error.revision}",
            "mend it",
        ) from error
    notes = list(made.notes)
    if before:
        notes.append(
            f"it does nothing to rows that were there: bring databases that have not"
            f" {inside[-1].revision} to it first"
        )
    notes += [f"{path} goes" for path in made.removed]
    files = RevisionFiles(project.name, made.edits, proofs, notes=tuple(notes))
    if not wanted.write or not files.proven:
        return files
    if not force:
        changed = [edit.path for edit in made.edits if edit.before]
        refuse_unkept(project.root, [*changed, *made.removed])
    return replace(files, written=replace_files(project, made.edits, made.removed))


def _divided(
    project: Project, first: str, last: str
) -> tuple[list[Migration], list[Migration], list[Migration]]:
    """Divide the history into what comes before a range, the range and what comes after.

    Raises:
        InputError: Where the range is not one line of revisions.
    """
    history = project.history()
    end = find(last, history, project)
    start = find(first, history, project) if first else history[0]
    by_name = {item.revision: item for item in history}
    inside = [end]
    while inside[-1].revision != start.revision:
        parents = inside[-1].parents
        if len(parents) != 1:
            what = f"{start.revision} to {end.revision} is no line of revisions"
            todo = "give the first and the last of a line without merges"
            raise InputError(what, inside[-1].path, todo)
        inside.append(by_name[parents[0]])
    inside.reverse()
    if len(inside) < 2:
        raise InputError("the range is one revision", inside[0].path, "give two")
    names = {item.revision for item in inside[:-1]}
    for item in history:
        if item not in inside and names & set(item.parents):
            branch = next(iter(names & set(item.parents)))
            raise InputError(
                f"it follows {branch}, which is in the range", item.path, "merge first"
            )
    at = {item.revision: number for number, item in enumerate(history)}
    others = [item for item in history if item not in inside]
    return (
        [item for item in others if at[item.revision] < at[start.revision]],
        inside,
        [item for item in others if at[item.revision] > at[start.revision]],
    )


@dataclass(frozen=True)
class _Scene:
    """Where histories are run, as a role that is no superuser."""

    stage: Stage
    sides: Sides
    project: Project

    def revision(
        self, before: Sequence[Migration], inside: Sequence[Migration], title: str
    ) -> NewRevision:
        """Return what the range does, from the schemas before and after it, and its rows."""
        with (
            brought_to(self.stage, self.project, before) as template,
            self.stage.database(template) as end,
        ):
            with self.sides.connect(end) as connection:
                names = read_names(connection)
                was = _counts(connection)
            with self.project.runner(target_of(self.stage, end)) as runner:
                runner.upgrade(inside)
            with self.sides.connect(end) as connection:
                renamed = renames_between(names, read_names(connection))
                now = _counts(connection)
            written = {name for name, count in now.items() if count and count != was.get(name)}
            if before and written:
                what = f"the range writes rows into {', '.join(sorted(written))}"
                raise InputError(what, inside[0].path, "squash from the first revision on")
            rows = _rows(self.sides, end, sorted(written))
            one, other = self.sides.copy(template), self.sides.copy(end)
            drop_version_tables(self.sides, one, other)
            there = Road(self.sides, one, other, lambda _: False, renamed).walk()
            back = Road(self.sides, other, one, lambda _: False, renamed.reversed()).walk()
            statements = _with_rows(there, rows)
            together = self.sides.run_together(self.sides.copy(one), statements)[0]
        return NewRevision(title, statements, back.statements, together == len(statements))

    def proofs(self, history: Sequence[Migration], made: Squashed) -> tuple[Proof, ...]:
        """Compare what the history makes with what it makes with the one revision in place."""
        with (
            brought_to(self.stage, self.project, history) as reached,
            copied(self.project, made.edits, made.removed) as copy,
            brought_to(self.stage, copy, copy.history()) as other,
        ):
            one, two = self.sides.copy(other), self.sides.copy(reached)
            drop_version_tables(self.sides, one, two)
            same = catalogue_proof(
                *comparable(schema_of(self.sides, one), schema_of(self.sides, two), RUNNERS)
            )
            dumps = dump_proof(self.sides.dump(one), self.sides.dump(two), owners=False)
            return same, dumps, self._same_rows(one, two)

    def _same_rows(self, one: str, other: str) -> Proof:
        with self.sides.connect(one) as here, self.sides.connect(other) as there:
            found, wanted = _counts(here), _counts(there)
        unlike = sorted(name for name in wanted if found.get(name) != wanted[name])
        if unlike:
            name = unlike[0]
            basis = f"{name} holds {found.get(name, 0)} rows and is to hold {wanted[name]}"
            return Proof(ROWS, "refuted", basis)
        return Proof(ROWS, "proven", f"{sum(wanted.values())} rows in {len(wanted)} tables counted")


def _counts(connection: Connection) -> dict[str, int]:
    """Count the rows of each table, version tables apart."""
    catalogue = without_version_tables(read_catalogue(connection))
    found: dict[str, int] = {}
    for table in catalogue.of_kind("table"):
        row = connection.execute(f"SELECT count(*) FROM ONLY {table.name}".encode()).fetchone()
        found[table.name] = row[0] if row else 0
    return found


def _rows(sides: Sides, database: str, tables: Sequence[str]) -> list[str]:
    """Return the statements that write the rows of tables, in an order that keys allow."""
    if not tables:
        return []
    command = [sides.cluster.installation.program("pg_dump"), "--data-only", "--column-inserts"]
    given = [f"--table={name}" for name in tables]
    done = subprocess.run(
        [*command, *given, "--dbname", sides.cluster.url(database)],
        capture_output=True,
        text=True,
        check=True,
    )
    text = re.sub(r"(?m)^\\(un)?restrict .*\n", "", done.stdout)
    return [item.sql for item in split_script(text) if _ROWS.match(item.sql)]


def _with_rows(there: Script, rows: Sequence[str]) -> tuple[str, ...]:
    """Put rows behind the tables and before foreign keys and triggers."""
    statements = there.statements
    at = next((n for n, sql in enumerate(statements) if _FIRST_OF_ROWS.match(sql)), len(statements))
    return (*statements[:at], *rows, *statements[at:])
