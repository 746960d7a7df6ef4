"""Revisions that lead between two schemas, run by the project's own runner, there and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.comparison import comparable
from dbspecialist.facts.migration import VERSION_TABLES, Migration
from dbspecialist.facts.proof import Proof, Verdict
from dbspecialist.proofs.schema_equality import compared
from dbspecialist.toolchains.base import MigrationFailed, Project, Runner, Target
from dbspecialist.toolchains.copies import copied
from dbspecialist.twins.sides import RUNNER, Sides
from dbspecialist.twins.stage_roles import OWNER

THERE = "the revision ends in the same catalogue"
BACK = "its way back ends in the catalogue before it"

REPEATS = "the revision changes nothing where its work is done"

#: Who owns what nobody gave an owner.
RUNNERS = (RUNNER, OWNER)


@dataclass(frozen=True)
class Ends:
    """Two databases on a server that revisions are to lead between.

    Args:
        sides: The server.
        start: The database to start from, which stays as it is.
        goal: The database to end at.
        named_not_null: Whether names of NOT NULL constraints count.
    """

    sides: Sides
    start: str
    goal: str
    named_not_null: bool = True

    def same(self, reached: str, goal: str, claim: str, runner: str) -> Proof:
        """Compare the catalogue that was reached with the one that was wanted."""
        one, other = (schema_of(self.sides, database) for database in (reached, goal))
        named = self.named_not_null
        left = compared(*comparable(one, other, RUNNERS, named_not_null=named))
        if left:
            return Proof(claim, "refuted", left)
        basis = f"run by {runner} on a twin, {len(other.objects)} objects compared"
        return Proof(claim, "proven", basis)


def prove_revisions(ends: Ends, project: Project, edits: Sequence[FileEdit]) -> tuple[Proof, ...]:
    """Run the revisions that edits add, on a copy of the schema that they are for.

    Args:
        ends: Where they start and should end.
        project: Whose revisions they are.
        edits: Their files.
    """
    known = {item.revision for item in project.history()}
    work = ends.sides.copy(ends.start)
    with copied(project, edits) as copy:
        new = [item for item in copy.history() if item.revision not in known]
        target = Target(ends.sides.url_of_owner(work), lambda _: None, watched=False)
        try:
            with copy.runner(target) as runner:
                runner.upgrade(new)
                there = ends.same(work, ends.goal, THERE, project.name)
                back = _back(ends, work, new, runner)
        except MigrationFailed as error:
            verdict: Verdict = "unchecked" if error.unchecked else "refuted"
            return (Proof(THERE, verdict, f"{error.revision}: {error.reason}"),)
    return there, back


def prove_repeatable(ends: Ends, project: Project, edits: Sequence[FileEdit]) -> Proof:
    """Run the revisions that edits add where their work is done already: nothing changes."""
    known = {item.revision for item in project.history()}
    work = ends.sides.copy(ends.start)
    with copied(project, edits) as copy:
        new = [item for item in copy.history() if item.revision not in known]
        target = Target(ends.sides.url_of_owner(work), lambda _: None, watched=False)
        try:
            with copy.runner(target) as runner:
                runner.upgrade(new)
        except MigrationFailed as error:
            return Proof(REPEATS, "refuted", f"{error.revision}: {error.reason}")
    return ends.same(work, ends.start, REPEATS, project.name)


def _back(ends: Ends, work: str, new: Sequence[Migration], runner: Runner) -> Proof:
    name = new[0].toolchain
    lacking = [item.revision for item in new if item.reversible is False]
    if lacking:
        return Proof(BACK, "unchecked", f"{lacking[-1]} has no way back that {name} runs")
    try:
        for migration in reversed(new):
            runner.downgrade(migration)
    except MigrationFailed as error:
        return Proof(BACK, "refuted", f"{error.revision}: {error.reason}")
    return ends.same(work, ends.start, BACK, name)


def schema_of(sides: Sides, database: str) -> Catalogue:
    """Read a database's catalogue without the tables in which toolchains keep what has run."""
    with sides.connect(database) as connection:
        return without_version_tables(read_catalogue(connection))


def without_version_tables(catalogue: Catalogue) -> Catalogue:
    """Leave out version tables and what belongs to them."""
    gone = {item.name for item in catalogue.of_kind("table") if _plain(item.name) in VERSION_TABLES}
    return Catalogue(
        tuple(
            item
            for item in catalogue.objects
            if item.name not in gone
            and item.parent not in gone
            and item.attributes.get("owned_by", "").rpartition(".")[0] not in gone
            and not any(item.name.endswith(f" {name}") for name in gone)
        )
    )


def _plain(name: str) -> str:
    return name.rpartition(".")[2].strip('"')
