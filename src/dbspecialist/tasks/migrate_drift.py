"""Drift: where models, migrations and database have gone apart, and a revision that adopts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Literal

from dbspecialist.advisors.schema_diff.renames import Answers, read_answers
from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.engines.postgresql.ddl.conditional import where_missing
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.drift import Drift
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.revision_files import RevisionFiles
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.proofs.drift import Compared
from dbspecialist.proofs.revisions_of_schemas import REPEATS, Ends, prove_repeatable, schema_of
from dbspecialist.tasks.migrate import Ask, drop_version_tables, walked
from dbspecialist.tasks.migrate_project import Wanted, project_of
from dbspecialist.tasks.migrate_replay import Replayed, replayed
from dbspecialist.tasks.migrate_revisions import revisions_of
from dbspecialist.tasks.schema_source import named
from dbspecialist.tasks.sources import read_source
from dbspecialist.toolchains.base import MigrationFailed, Project, Target
from dbspecialist.toolchains.copies import copied
from dbspecialist.toolchains.models import model_statements
from dbspecialist.toolchains.stamping import stamp_command
from dbspecialist.twins.fitting import fit
from dbspecialist.twins.models_side import of_models
from dbspecialist.twins.sides import Sides, open_sides
from dbspecialist.twins.variables import hidden_variables, shown_variables

Adopt = Literal["database", "models"]
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Compare:
    """What migrations are compared with.

    Args:
        snapshot: A snapshot or .sql file of the database.
        database: Its URL; it is read in one read-only session.
        models: MODULE:METADATA, where the toolchain does not name the models.
        adopt: The side that a revision makes the migrations equal to; "" for none.
        renames: New names by old ones.
    """

    snapshot: str | PathLike[str] | None = None
    database: str | None = None
    models: str | None = None
    adopt: Adopt | Literal[""] = ""
    renames: Mapping[str, str] | None = None


@hidden_variables()
def drift(
    wanted: Wanted, compare: Compare, *, ask: Ask | None = None, tell: Tell = lambda _: None
) -> Drift:
    """Compare models, migrations and database three ways, and write what adopts a side.

    The version table is read to know which migrations the database has; nothing is written to it.

    Args:
        wanted: The project, and how a revision is written.
        compare: What its migrations are compared with.
        ask: Asked about each object that may have been renamed.
        tell: Called with each step, a clause.

    Raises:
        InputError: Where there is nothing to compare with, a side cannot be read, or the history
            does not replay.
    """
    project = project_of(wanted)
    tell("reading the database")
    source = _source(compare, tell)
    before, after, notes = _divided(project, source)
    with open_sides() as sides:
        tell("running the migrations from zero")
        history = replayed(sides, project, before, after, with_models=compare.models is None)
        scene = _Scene(sides, project, history, after)
        scene.load(source, compare.models)
        if scene.database is None and scene.models is None:
            what = "there is nothing to compare the migrations with"
            told = "; ".join((what, *history.notes))
            todo = "give --snapshot or --database, or --models MODULE:METADATA"
            raise InputError(told, str(wanted.root), todo)
        found = _found(scene, project, source, compare)
        found = replace(found, notes=(*notes, *history.notes, *sides.notes))
        if not compare.adopt or not found.items:
            return found
        revision = scene.adopted(compare, wanted, ask, tell)
        return replace(found, revision=revision)


def _source(compare: Compare, tell: Tell) -> Snapshot | None:
    if compare.database is None:
        return read_source(compare.snapshot, tell)
    if compare.snapshot is not None:
        raise InputError("two databases are given", "--snapshot --database", "give one of them")
    with shown_variables():
        return capture(compare.database, workload=False)


def _divided(
    project: Project, source: Snapshot | None
) -> tuple[Sequence[Migration], Sequence[Migration], tuple[str, ...]]:
    """Divide the history by the version table of the database."""
    history = project.history()
    if source is None:
        return history, (), ()
    done = {item.revision for item in project.applied(dict(source.revisions))}
    begun = any(not rows for rows in source.revisions.values())  # a version table without rows
    if not done and not begun:
        note = "no version table tells what has run: all migrations are taken to have run"
        return history, (), (note,)
    return (
        [item for item in history if item.revision in done],
        [item for item in history if item.revision not in done],
        (),
    )


def _found(scene: _Scene, project: Project, source: Snapshot | None, compare: Compare) -> Drift:
    read_from = {"migrations": f"{project.name} migrations"}
    if scene.models is not None:
        read_from["models"] = compare.models or "the metadata that env.py names"
    if source is not None:
        read_from["database"] = named(compare.database or compare.snapshot or source.source)
    return Drift(
        read_from, scene.compared().items(), tuple(item.revision for item in scene.pending)
    )


@dataclass
class _Scene:
    """The sides as databases on one server."""

    sides: Sides
    project: Project
    history: Replayed
    pending: Sequence[Migration]
    database: str | None = None
    models: Catalogue | None = None

    def __post_init__(self) -> None:
        self.applied = self.sides.of_catalogue(self.history.applied)
        self.head = self.sides.of_catalogue(self.history.head)

    def load(self, source: Snapshot | None, models: str | None) -> None:
        """Make the databases of the other sides."""
        self.models = self.history.models
        if models is not None:
            statements = model_statements(models, Path(self.project.root))
            made = of_models(self.sides, models, statements, self.history.head)
            self.models = schema_of(self.sides, made)
        if source is not None:
            self.database = self.sides.of_catalogue(source.catalogue, source.server_version)
            drop_version_tables(self.sides, self.database)
            # Statements are for the server that the database is on.
            self.sides.versions[self.head] = source.server_version
            fit(self.sides, self.applied, self.database)
            fit(self.sides, self.head, self.database)

    def compared(self) -> Compared:
        """Read the sides back, in the words of one engine."""
        read = partial(schema_of, self.sides)
        database = read(self.database) if self.database else None
        return Compared(read(self.head), read(self.applied), database, self.models)

    def adopted(
        self, compare: Compare, wanted: Wanted, ask: Ask | None, tell: Tell
    ) -> RevisionFiles:
        """Write a revision behind the last that makes the migrations equal to a side."""
        goal, refused = self._goal(compare.adopt)
        if refused:
            return RevisionFiles(self.project.name, notes=(refused,))
        names = (("the migrations", self.head), (f"the {compare.adopt}", goal))
        answers = self._answers(compare.renames or {}, goal)
        found = walked(self.sides, *names, answers, ask, tell)
        wanted = replace(wanted, title=wanted.title or f"Adopt the schema of the {compare.adopt}")
        if compare.adopt == "models":
            return revisions_of(self.project, found, wanted, tell)
        ends = Ends(self.sides, goal, goal, found.named_not_null)
        made = revisions_of(
            self.project,
            found,
            wanted,
            tell,
            said=where_missing,
            also=lambda edits: (prove_repeatable(ends, self.project, edits),),
        )
        if not any(item.claim == REPEATS and item.verdict == "refuted" for item in made.proofs):
            return made
        return self._to_be_stamped(revisions_of(self.project, found, wanted, tell))

    def _to_be_stamped(self, made: RevisionFiles) -> RevisionFiles:
        """Say of a revision that is for databases which lack its work how the other is told."""
        with copied(self.project, made.files) as copy:
            last = copy.history()[-1].revision
        told = stamp_command(self.project.name, last)
        note = f"it cannot run where its work is done: tell that database that it has it ({told})"
        return replace(made, notes=(*made.notes, note))

    def _goal(self, adopt: str) -> tuple[str, str]:
        if adopt == "models":
            if self.models is None:
                raise InputError("there are no models", "--adopt models", "give --models")
            statements = [item.create for item in self.models.objects if item.create]
            head = schema_of(self.sides, self.head)
            return of_models(self.sides, "the models", statements, head), ""
        if self.database is None:
            todo = "give --snapshot or --database"
            raise InputError("there is no database", "--adopt database", todo)
        goal = self.sides.copy(self.database)
        target = Target(self.sides.url_of_owner(goal), lambda _: None, watched=False)
        try:
            with self.project.runner(target) as runner:
                runner.upgrade(self.pending)
        except MigrationFailed as error:
            what = f"revision {error.revision} is pending and fails on the database's schema"
            return goal, f"{what}: {error.reason}"
        drop_version_tables(self.sides, goal)
        return goal, ""

    def _answers(self, renames: Mapping[str, str], goal: str) -> Answers:
        if not renames:
            return Answers()
        with self.sides.connect(self.head) as one, self.sides.connect(goal) as other:
            return read_answers(renames, read_catalogue(one), read_catalogue(other))
