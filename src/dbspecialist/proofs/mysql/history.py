"""History: do the migrations replay from zero, and is production what they make."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace

from dbspecialist.facts.catalogue import Catalogue, Difference
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run
from dbspecialist.proofs.history import DATABASE_AGREES, MODELLED, REPLAYS, compared, names
from dbspecialist.proofs.mapped import MODELS_AGREE
from dbspecialist.proofs.mysql.scripts import scripts_of
from dbspecialist.proofs.mysql.walk import run_script
from dbspecialist.toolchains.base import Project
from dbspecialist.twins.mysql.stage import Stage


def with_history(
    run: Run,
    stage: Stage,
    project: Project,
    before: Sequence[Migration],
    pending: Sequence[Migration],
) -> Run:
    """Return a run with what a replay of all migrations on an empty database shows.

    Args:
        run: What was seen of the pending ones.
        stage: Its server is used; its database is made anew, empty.
        project: Whose migrations they are.
        before: Those that production has.
        pending: The others.
    """
    snapshot = run.snapshot
    known = snapshot is not None and bool(snapshot.catalogue.objects)
    empty = Stage(stage.server, replace(snapshot, catalogue=Catalogue()) if snapshot else None)
    empty.database = stage.database
    scripts, _ = scripts_of(empty, project, (*before, *pending), ())
    empty.renew()
    reached = Catalogue()
    for number, script in enumerate(scripts):
        if number == len(before):
            reached = empty.read(texts=False)
        with contextlib.closing(empty.session()) as session:
            ran = run_script(session, script.up, script.wraps)
        if ran.error is not None:
            at, why = script.migration.revision, ran.error.error.message
            basis = f"revision {at} on an empty database: {why}"
            unknown = known and not before  # production has a beginning that nobody wrote down
            proof = Proof(REPLAYS, "unchecked" if unknown else "refuted", basis)
            return replace(run, history=(proof,))
    last = empty.read(texts=False)
    told = f"{len(scripts)} migrations run on an empty database"
    proofs = [Proof(REPLAYS, "proven", told)]
    if snapshot is not None and known and before:
        drift = compared(reached if pending else last, snapshot.catalogue)
        basis = f"the snapshot equals what {len(before)} migrations make"
        verdict = Proof(DATABASE_AGREES, "proven", basis)
        if drift:
            verdict = Proof(DATABASE_AGREES, "refuted", f"different: {names(drift)}")
        proofs.append(verdict)
        run = replace(run, database_drift=drift)
    drift, agree = _models(empty, project, len(scripts), last)
    proofs += [agree] if agree else []
    return replace(run, history=tuple(proofs), model_drift=drift)


def _models(
    stage: Stage, project: Project, tried: int, migrated: Catalogue
) -> tuple[tuple[Difference, ...], Proof | None]:
    """Hold the tables of mapped classes against what the migrations make."""
    if project.name != "alembic":
        return (), None
    from dbspecialist.proofs.mysql.recording import create_models
    from dbspecialist.toolchains.alembic.project import AlembicProject

    assert isinstance(project, AlembicProject)
    if tried < len(project.history()):
        return (), Proof(MODELS_AGREE, "unchecked", "the newest revisions were left out")
    refused = create_models(stage, project)
    if refused:
        return (), Proof(MODELS_AGREE, "unchecked", refused)
    models = stage.read(texts=False)
    drift = compared(migrated, models, MODELLED)
    if drift:
        return drift, Proof(MODELS_AGREE, "refuted", f"different: {names(drift)}")
    tables = sum(1 for _ in models.of_kind("table"))
    basis = f"{tables} mapped tables created on the twin, catalogues equal"
    return (), Proof(MODELS_AGREE, "proven", basis)
