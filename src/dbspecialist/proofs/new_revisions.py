"""New revisions, run from a copy of the project before they are shown or written."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import psycopg

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.change import FileEdit, Phase
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.trial import Broken, Run
from dbspecialist.proofs.difference_text import sentence
from dbspecialist.proofs.mapped import broken_models, modelled, target_of
from dbspecialist.proofs.meanwhile import meanwhile
from dbspecialist.proofs.rates import read_rates
from dbspecialist.proofs.schema_changes import schema_changes
from dbspecialist.proofs.trials import try_migrations
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.copies import copied
from dbspecialist.twins.stage import Stage, open_stage
from dbspecialist.twins.stage_roles import OWNER

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
    stage = ground.stage
    with stage.admin(ground.template) as admin:
        migrated = read_catalogue(admin)
    with (
        open_stage(None, cluster=stage.cluster, stays=True) as empty,
        empty.database() as database,
        copy.runner(target_of(empty, database)) as runner,
    ):
        models = modelled(empty, runner, migrated)
    if not isinstance(models, Catalogue):
        return models, {}
    with stage.database(ground.template) as database:
        return models, broken_models(stage, copy, new, database, models)


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
