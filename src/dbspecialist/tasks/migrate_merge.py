"""Merging heads: both orders of each two branches are run, and what they do otherwise is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.comparison import comparable
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.merge import Merge
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.revision_files import RevisionFiles
from dbspecialist.proofs.mapped import target_of
from dbspecialist.proofs.revisions_of_schemas import RUNNERS, without_version_tables
from dbspecialist.proofs.schema_equality import compared
from dbspecialist.proofs.trials import brought_to
from dbspecialist.tasks.migrate_project import Wanted, project_of, write_new
from dbspecialist.toolchains.alembic.merging import merged
from dbspecialist.toolchains.alembic.project import AlembicProject
from dbspecialist.toolchains.base import MigrationFailed
from dbspecialist.toolchains.copies import copied
from dbspecialist.toolchains.pending import find
from dbspecialist.twins.stage import Stage, open_stage
from dbspecialist.twins.variables import hidden_variables

ALIKE = "both orders of each two branches end in the same catalogue"
RUNS = "the history runs with the merge"


@hidden_variables()
def merge(
    heads: Sequence[str], wanted: Wanted, *, tell: Callable[[str], None] = lambda _: None
) -> Merge:
    """Write a revision that merges heads of Alembic, after both orders of each two have run.

    Args:
        heads: The heads to merge, or nothing for all.
        wanted: The project, the title, and whether the file is written; with a conflict it is not.
        tell: Called with each step, a clause.

    Raises:
        InputError: Where there are no two heads, or what they have in common does not run.
    """
    project = project_of(wanted)
    if not isinstance(project, AlembicProject):
        what = f"{project.name} has one line of migrations"
        raise InputError(what, str(wanted.root), "number them anew where two have one number")
    chosen = _chosen(project, heads)
    title = wanted.title or f"Merge {' and '.join(chosen)}"
    with open_stage(None) as stage:
        scene = _Scene(stage, project)
        conflicts: list[str] = []
        for one, other in combinations(chosen, 2):
            tell(f"running {one} and {other} in both orders")
            conflicts += scene.conflicts(one, other)
        edits = merged(project, chosen, title)
        files = RevisionFiles(project.name, edits, _told(conflicts, len(chosen)))
        if not conflicts:
            with copied(project, edits) as copy:
                assert isinstance(copy, AlembicProject)
                files = replace(files, proofs=(*files.proofs, scene.runs(copy)))
    if wanted.write and files.proven:
        files = replace(files, written=write_new(project, edits))
    return Merge(chosen, tuple(conflicts), files)


def _chosen(project: AlembicProject, heads: Sequence[str]) -> tuple[str, ...]:
    where = str(project.config.file)
    given = tuple(find(name, project.history(), project).revision for name in heads)
    for name in given:
        if name not in project.heads:
            raise InputError(
                f"{name} is no head", where, f"give some of {', '.join(project.heads)}"
            )
    chosen = tuple(dict.fromkeys(given or project.heads))
    if len(chosen) < 2:
        raise InputError(f"there is one head: {', '.join(chosen)}", where, "there is none to merge")
    return chosen


def _told(conflicts: Sequence[str], heads: int) -> tuple[Proof, ...]:
    if conflicts:
        return (Proof(ALIKE, "refuted", conflicts[0]),)
    pairs = heads * (heads - 1) // 2
    return (Proof(ALIKE, "proven", f"{2 * pairs} orders run by alembic on a twin"),)


@dataclass(frozen=True)
class _Scene:
    """A server, and whose history is run there."""

    stage: Stage
    project: AlembicProject

    def conflicts(self, one: str, other: str) -> Iterator[str]:
        """Yield what two branches do otherwise where the other of them runs first."""
        first, second = (self.project.revisions.ancestors([name]) for name in (one, other))
        history = self.project.history()
        common = [item for item in history if item.revision in first & second]
        mine = [item for item in history if item.revision in first - second]
        theirs = [item for item in history if item.revision in second - first]
        try:
            with brought_to(self.stage, self.project, common) as template:
                ends = [self._end(template, *order) for order in ((mine, theirs), (theirs, mine))]
        except MigrationFailed as error:
            raise InputError(
                f"the history does not replay: {error.reason}",
                f"alembic revision {error.revision}",
                "mend it",
            ) from error
        failed = [end for end in ends if isinstance(end, str)]
        yield from failed
        there, back = ends
        if isinstance(there, Catalogue) and isinstance(back, Catalogue):
            left = compared(*comparable(back, there, RUNNERS))
            if left:
                yield f"with {other} before {one}, and not behind it, {left}"

    def _end(
        self, template: str, before: Sequence[Migration], after: Sequence[Migration]
    ) -> Catalogue | str:
        """Run one branch and then the other; return where they end, or why they do not."""
        with (
            self.stage.database(template) as database,
            self.project.runner(target_of(self.stage, database)) as runner,
        ):
            runner.upgrade(before)
            try:
                runner.upgrade(after)
            except MigrationFailed as error:
                return f"{error.revision} fails behind {before[-1].revision}: {error.reason}"
            with self.stage.admin(database) as connection:
                return without_version_tables(read_catalogue(connection))

    def runs(self, project: AlembicProject) -> Proof:
        """Run the whole history with the merge."""
        history = project.history()
        try:
            with brought_to(self.stage, project, history):
                basis = f"{len(history)} revisions run by alembic on an empty database"
        except MigrationFailed as error:
            return Proof(RUNS, "refuted", f"{error.revision}: {error.reason}")
        left = f", {len(project.heads)} heads left: {', '.join(project.heads)}"
        return Proof(RUNS, "proven", basis + (left if len(project.heads) > 1 else ""))
