"""Ways back: the missing or broken downgrade of an existing revision, written and tried."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.revision_files import RevisionFiles
from dbspecialist.facts.schema_diff import Script
from dbspecialist.facts.walked import RoundTrip
from dbspecialist.facts.way_back import WayBack
from dbspecialist.proofs.mapped import target_of
from dbspecialist.proofs.trials import brought_to
from dbspecialist.proofs.walk import walk
from dbspecialist.tasks.migrate import drop_version_tables
from dbspecialist.tasks.migrate_names import read_names, renames_between
from dbspecialist.tasks.migrate_project import Wanted, project_of, write_new
from dbspecialist.tasks.migrate_values import with_copies, with_stand_ins
from dbspecialist.tasks.schema_road import Road
from dbspecialist.toolchains.base import MigrationFailed, Project
from dbspecialist.toolchains.copies import copied
from dbspecialist.toolchains.pending import find
from dbspecialist.toolchains.ways_back import with_way_back
from dbspecialist.twins.sides import open_sides
from dbspecialist.twins.stage import Stage, open_stage
from dbspecialist.twins.variables import hidden_variables


@hidden_variables()
def way_back(
    revision: str, wanted: Wanted, *, tell: Callable[[str], None] = lambda _: None
) -> WayBack:
    """Try a revision's way back with rows, and write another where it does not work.

    The other is read from the catalogues before and after the revision, and tried with rows by the
    project's own runner in a copy of the project.

    Args:
        revision: The revision, its file, or an unambiguous beginning of either.
        wanted: The project, and whether files are written.
        tell: Called with each step, a clause.

    Raises:
        InputError: Where the revision is not known, does not run, or its way back cannot be
            written.
    """
    project = project_of(wanted)
    history = project.history()
    migration = find(revision, history, project)
    try:
        with (
            open_stage(None) as stage,
            brought_to(stage, project, _before(migration, history)) as template,
        ):
            scene = _Scene(stage, template, project, migration)
            tell("trying the way back that is there")
            found = scene.tried(project)
            if found.kind == "works" or (found.kind == "lossy" and found.unavoidable):
                return WayBack(migration.revision, found, lost=_told(found))
            tell("writing another from the catalogues")
            return scene.written(found, wanted, tell)
    except MigrationFailed as error:
        raise InputError(
            f"the history does not replay: {error.reason}",
            f"{project.name} revision {error.revision}",
            "mend it",
        ) from error


def _before(migration: Migration, history: Sequence[Migration]) -> list[Migration]:
    """Return what must have run before a migration, in running order."""
    by_name = {item.revision: item for item in history}
    needed: set[str] = set()
    waiting = list(migration.parents)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting.extend(by_name[name].parents)
    return [item for item in history if item.revision in needed]


_LOST = re.compile(r"(\S+) lost the values of column (.+?) (in \d+ of \d+ rows)")


def _told(found: RoundTrip) -> tuple[str, ...]:
    """Return what a way back that works in all else loses, as clauses."""
    if found.kind != "lossy":
        return ()
    return tuple(_LOST.sub(r"the values of column \1.\2, \3", item) for item in found.details)


@dataclass(frozen=True)
class _Scene:
    """A database before the revision, and whose revision it is."""

    stage: Stage
    template: str
    project: Project
    migration: Migration

    def tried(self, project: Project) -> RoundTrip:
        """Run the revision up, down and up on a database with rows.

        Raises:
            InputError: Where it does not go up.
        """
        step = walk(self.stage, project, [self.migration], self.template, None)
        found = step[self.migration.revision].round_trip if step else None
        if found is None:
            raise InputError(self._refusal(), self.migration.path, "mend the way there")
        if found.proof.basis.startswith("the upgrade fails"):
            raise InputError(found.proof.basis, self.migration.path, "mend the way there")
        return found

    def _refusal(self) -> str:
        """Return why the revision does not go up on a database without rows."""
        with (
            self.stage.database(self.template) as database,
            self.project.runner(target_of(self.stage, database)) as runner,
        ):
            try:
                runner.upgrade([self.migration])
            except MigrationFailed as error:
                return f"the upgrade fails: {error.reason}"
        return "it was not run with rows"

    def written(self, found: RoundTrip, wanted: Wanted, tell: Callable[[str], None]) -> WayBack:
        """Write a way back and try it; nothing is written where it does not work."""
        script, notes, lost = self._scripts()
        made = WayBack(self.migration.revision, found, script.statements, None, lost)
        files = RevisionFiles(self.project.name, proofs=script.proofs, notes=notes)
        if not script.statements:
            note = "it changes rows alone, and catalogues do not tell how to take that back"
            return replace(made, files=replace(files, notes=(note,)))
        if not script.proven:
            return replace(made, files=files)
        edits, again = self._tried_with(script.statements, tell)
        if again.kept:
            back = {f"the values of column {table}.{name}" for table, name, _ in again.kept}
            lost = tuple(item for item in lost if item not in back)
            filled = tuple(f" column {table}.{name}, " for table, name, _ in again.kept)
            notes = tuple(item for item in notes if not any(name in item for name in filled))
            files = replace(files, notes=notes)
            statements = tuple(with_copies(script.statements, again.kept))
            edits, again = self._tried_with(statements, tell)
            made = replace(made, statements=statements)
        files = replace(files, files=edits)
        made = replace(made, written=again, lost=lost, files=files)
        if wanted.write and made.works:
            made = replace(made, files=replace(files, written=write_new(self.project, edits)))
        return made

    def _tried_with(
        self, statements: Sequence[str], tell: Callable[[str], None]
    ) -> tuple[tuple[FileEdit, ...], RoundTrip]:
        """Put a way back into a copy of the project and try it there."""
        edits = with_way_back(self.project, self.migration, statements)
        tell("trying it with rows")
        with copied(self.project, edits) as copy:
            new = next(i for i in copy.history() if i.revision == self.migration.revision)
            return edits, replace(self, project=copy, migration=new).tried(copy)

    def _scripts(self) -> tuple[Script, tuple[str, ...], tuple[str, ...]]:
        """Return what leads back, notes on it, and what the revision removes for good."""
        with (
            open_sides(self.stage.cluster) as sides,
            self.stage.database(self.template) as start,
            self.stage.database(self.template) as end,
        ):
            with sides.connect(end) as connection:
                before = read_names(connection)
            with self.project.runner(target_of(self.stage, end)) as runner:
                runner.upgrade([self.migration])
            with sides.connect(end) as connection:
                renamed = renames_between(before, read_names(connection))
            one, other = sides.copy(start), sides.copy(end)
            drop_version_tables(sides, one, other)
            there = Road(sides, one, other, lambda _: False, renamed).walk()
            back = Road(sides, other, one, lambda _: False, renamed.reversed()).walk()
            with sides.connect(other) as connection:
                statements, notes = with_stand_ins(back.statements, connection)
            return replace(back, statements=statements), notes, there.losses
