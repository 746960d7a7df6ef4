"""Data fit: what migrations need of production's rows, from statistics or asked of it.

Claims are found from what the engine showed of each migration. Statistics can refute one as of
the snapshot; only the database itself, asked read-only, proves one.
"""

from __future__ import annotations

from dataclasses import replace

from dbspecialist.facts.data_fit import Claim, DataFit
from dbspecialist.facts.trial import Run
from dbspecialist.proofs.data_fit.columns import column_claims
from dbspecialist.proofs.data_fit.computed import computed_claims
from dbspecialist.proofs.data_fit.constraints import constraint_claims
from dbspecialist.proofs.data_fit.converted import conversion_claims
from dbspecialist.proofs.data_fit.database import ask
from dbspecialist.proofs.data_fit.deleted import delete_claims
from dbspecialist.proofs.data_fit.domains import domain_claims
from dbspecialist.proofs.data_fit.ground import Ground, production_of
from dbspecialist.proofs.data_fit.keys_written import key_claims
from dbspecialist.proofs.data_fit.partitions import partition_claims
from dbspecialist.proofs.data_fit.statistics import answer
from dbspecialist.proofs.data_fit.updated import update_claims
from dbspecialist.proofs.data_fit.words import without_query
from dbspecialist.proofs.evaluation import evaluating
from dbspecialist.twins.stage import Stage

__all__ = ["ask", "ask_database", "claims_of", "judge_data"]


_FINDERS = (
    column_claims,
    constraint_claims,
    domain_claims,
    conversion_claims,
    partition_claims,
    key_claims,
    delete_claims,
    update_claims,
    computed_claims,
)


def claims_of(run: Run) -> tuple[Claim, ...]:
    """Return what the migrations of a run need of the rows that production has."""
    found = [
        claim
        for trial in run.trials
        if trial.before.objects and trial.after.objects
        for find in _FINDERS
        for claim in find(Ground(run, trial))
    ]
    return tuple(dict.fromkeys(found))


def judge_data(run: Run, stage: Stage, template: str) -> Run:
    """Return a run with its claims, judged by the snapshot's statistics.

    Args:
        run: What was seen of the migrations.
        stage: Where conditions are evaluated.
        template: The database on it with the types that production has.
    """
    claims = claims_of(run)
    if not claims:
        return run
    production = production_of(run)
    with evaluating(stage, template) as connect:
        return replace(
            run, data_fit=tuple(answer(claim, run, production, connect) for claim in claims)
        )


def ask_database(run: Run, url: str) -> Run:
    """Return a run whose claims were asked of the database; statistics stand where it was not.

    Raises:
        InputError: Where the server cannot be reached or refuses.
    """
    claims = [item.claim for item in run.data_fit]
    redacted = run.snapshot is not None and run.snapshot.redacted
    # Also where there is nothing to ask: who names a server is told that it does not answer.
    answers = ask(url, claims, production_of(run), redacted=redacted)
    return replace(run, data_fit=tuple(_joined(item, answers) for item in run.data_fit))


def _joined(known: DataFit, answers: dict[Claim, DataFit]) -> DataFit:
    asked = answers[known.claim]
    if asked.source or known.proof.verdict == "unchecked":
        return asked
    basis = f"{known.proof.basis}; {without_query(asked.proof.basis)}"
    return replace(known, proof=replace(known.proof, basis=basis))
