"""New revisions, run from a copy of the project before they are shown or written."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import psycopg

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.change import FileEdit, Phase
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.trial import Run
from dbspecialist.facts.walked import Broken
from dbspecialist.proofs.compatibility import OldCode, model_statements
from dbspecialist.proofs.difference_text import sentence
from dbspecialist.proofs.history import MODELLED, compared
from dbspecialist.proofs.mapped import broken_models, modelled, target_of
from dbspecialist.proofs.meanwhile import meanwhile
from dbspecialist.proofs.rates import read_rates
from dbspecialist.proofs.schema_changes import schema_changes
from dbspecialist.proofs.trials import read, try_migrations
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.copies import copied
from dbspecialist.twins.stage import Stage, open_stage
from dbspecialist.twins.stage_roles import OWNER

MODELS = "the edited models agree with the migrated database"
SENT = "what the edited models send is taken by the migrated database"
ENDS = "the files end in the wanted catalogue"
CHECKS = "each phase's check is true when the phases before it have run"
MOST = 3


@dataclass(frozen=True)
class Ground:
    """Where new revisions are run.

    Args:
        stage: The server.
        template: A database in the state before them.
        project: Whose revisions they are.
        snapshot: What stands for production.
        scale: By how much sizes are multiplied.
        max_blocked_ms: The limit that findings are judged by.
    """

    stage: Stage
    template: str
    project: Project
    snapshot: Snapshot | None
    scale: float
    max_blocked_ms: float

    @cached_property
    def before(self) -> Catalogue:
        """The catalogue before them."""
        return read(self.stage, self.template)


@dataclass(frozen=True)
class Rehearsed:
    """What was seen of new revisions, in which copy of the project, and what the models create."""

    run: Run
    copy: Project
    models: Catalogue | Proof | None


@contextlib.contextmanager
def rehearsed(
    ground: Ground, edits: Sequence[FileEdit], tell: Callable[[str], None]
) -> Iterator[Rehearsed]:
    """Run new files in a copy of the project, there and back, with rows and without.

    Yields:
        What was seen; the copy goes with the block.
    """
    known = {item.revision for item in ground.project.history()}
    with copied(ground.project, edits) as copy:
        new = [item for item in copy.history() if item.revision not in known]
        with meanwhile(_mapped, ground, copy, new) as mapped:
            run = try_migrations(
                ground.stage,
                copy,
                new,
                template=ground.template,
                snapshot=ground.snapshot,
                scale=ground.scale,
                max_blocked_ms=ground.max_blocked_ms,
                rates=read_rates(ground.stage.cluster),
                tell=tell,
            )
        models, broken = mapped.result()
        trials = tuple(
            replace(item, broken=(*item.broken, *broken.get(item.migration.revision, ())))
            for item in run.trials
        )
        yield Rehearsed(replace(run, trials=trials), copy, models)


def _mapped(
    ground: Ground, copy: Project, new: Sequence[Migration]
) -> tuple[Catalogue | Proof | None, dict[str, tuple[Broken, ...]]]:
    """Return what the models create, and the statements of theirs that each revision breaks."""
    models = _created(ground, copy)
    if not isinstance(models, Catalogue):
        return models, {}
    with ground.stage.database(ground.template) as database:
        return models, broken_models(ground.stage, copy, new, database, models)


def _created(ground: Ground, copy: Project) -> Catalogue | Proof | None:
    """Create what the models of a copy describe, and read it."""
    migrated = ground.before
    with (
        open_stage(None, cluster=ground.stage.cluster, stays=True) as empty,
        empty.database() as database,
        copy.runner(target_of(empty, database)) as runner,
    ):
        return modelled(empty, runner, migrated)


def models_proof(
    ground: Ground, seen: Rehearsed, edits: Sequence[FileEdit], reached: Catalogue
) -> Proof:
    """Load edited models and compare what they create with the migrated database.

    What models and database did not have alike before does not count.

    Args:
        ground: Where to.
        seen: Tells what the models created before.
        edits: The files of the revisions and of the models.
        reached: What the revisions end in.
    """
    if not isinstance(seen.models, Catalogue):
        return Proof(MODELS, "unchecked", "what these models create is not known here")
    with copied(ground.project, edits) as copy:
        models = _created(ground, copy)
    if not isinstance(models, Catalogue):
        why = models.basis if models else "they create nothing"
        return Proof(MODELS, "refuted", why)
    known = {item.object.key for item in compared(ground.before, seen.models, MODELLED)}
    left = [item for item in compared(reached, models, MODELLED) if item.object.key not in known]
    if left:
        told = "; ".join(sentence(item) for item in left[:MOST])
        return Proof(MODELS, "refuted", told)
    return Proof(MODELS, "proven", "created on the twin and compared with the migrated database")


def sent_proof(
    ground: Ground, seen: Rehearsed, edits: Sequence[FileEdit], phases: Sequence[Phase]
) -> Proof:
    """Plan what edited models send on a database that phases were carried out on.

    Args:
        ground: Where to.
        seen: Tells whether models can be loaded here.
        edits: The files of the revisions and of the models.
        phases: What is deployed together with the models.
    """
    if not isinstance(seen.models, Catalogue):
        return Proof(SENT, "unchecked", "what these models create is not known here")
    with copied(ground.project, edits) as copy:
        models = _created(ground, copy)
    if not isinstance(models, Catalogue):
        return Proof(SENT, "refuted", models.basis if models else "they create nothing")
    with ground.stage.database(ground.template) as database:
        with ground.stage.cluster.connect(database, OWNER) as connection:
            for phase in phases:
                _carry_out(connection, phase)
        with ground.stage.visitor(database) as visitor:
            statements = model_statements(models)
            code = OldCode(visitor, statements)
    if code.unplanned:
        return Proof(SENT, "refuted", f"{code.unplanned} of {len(statements)} are refused")
    return Proof(SENT, "tested", "planned after the phases that are written", len(statements))


def end_proof(reached: Catalogue, wanted: Catalogue, objects: int) -> Proof:
    """Compare the catalogue that new files end in with the wanted one."""
    left = schema_changes(wanted, reached)
    if not left:
        return Proof(ENDS, "proven", f"{objects} objects compared on the twin")
    told = "; ".join(sentence(item) for item in left[:MOST])
    more = f"; and {len(left) - MOST} more" if len(left) > MOST else ""
    return Proof(ENDS, "refuted", told + more)


def checks_proof(ground: Ground, phases: Sequence[Phase]) -> Proof:
    """Run phases one after the other, and ask before each what must be true."""
    asked = 0
    with (
        ground.stage.database(ground.template) as database,
        ground.stage.cluster.connect(database, OWNER) as connection,
    ):
        for phase in phases:
            try:
                for check in phase.checks:
                    asked += 1
                    row = connection.execute(check.encode()).fetchone()
                    if not row or row[0] is not True:
                        return Proof(CHECKS, "refuted", f"'{phase.title}': {check} is not true")
                _carry_out(connection, phase)
            except psycopg.Error as error:
                said = error.diag.message_primary or str(error)
                return Proof(CHECKS, "refuted", f"'{phase.title}': {said}")
    return Proof(CHECKS, "proven", f"{asked} queries asked on the twin without rows")


def _carry_out(connection: psycopg.Connection[tuple[object, ...]], phase: Phase) -> None:
    around = connection.transaction() if phase.transactional else contextlib.nullcontext()
    with around:
        for statement in phase.up:
            connection.execute(statement.encode(), prepare=False)
