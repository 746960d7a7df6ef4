"""A statement that the engine refuses on production's schema stops the deployment.

## What it does
Reports each statement that the twin refuses for a reason that no other rule explains.

## Why it matters
The twin has production's schema: what fails here fails there, with everything before it in the
transaction rolled back, or left half-done where there is none.

## Example
    ALTER TABLE orders ADD COLUMN total numeric;   -- there is one already

## Use instead
The statement that fits the schema as it is, or a revision that first brings production to where
the migrations think it is.

## What proves it
The engine's own refusal, with its SQLSTATE.

## Source
PostgreSQL manual, "PostgreSQL Error Codes".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.effects import EngineError, StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at

TITLE = "Mend statements that the engine refuses"
SEVERITY = "error"
ENGINES = ("postgresql", "mysql", "mariadb")

#: Refusals that rules of their own explain.
EXPLAINED = frozenset(
    {
        "25001",  # run-concurrently-outside-transactions
        "2BP01",  # drop-dependent-views-first
        "55P04",  # use-new-enum-values-later
    }
)


#: Refusals whose SQLSTATE says too little (0A000), by what their messages say.
EXPLAINED_MESSAGES = (
    "cannot alter type of a column used by",  # drop-dependent-views-first
    "must include all partitioning columns",  # include-partition-key-in-unique
    "cannot create index on partitioned table",  # build-partitioned-indexes-in-steps
    "errno: 150",  # match-referenced-columns
)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each refused statement, and for a migration that stops by itself."""
    refused = [item for item in trial.statements if item.error]  # end-statements: those stopped
    for statement in refused:
        if statement.error and not statement.error.stopped and not _is_explained(statement.error):
            yield _refused(trial, statement, statement.error)
    if trial.failure and not refused:
        yield finding(
            severity="error",
            message=f"Migration {trial.migration.revision} stops: {trial.failure}",
            location=trial.location(),
            evidence=(Proof("the migration runs to its end", "refuted", trial.failure),),
            help="mend it, or say why it cannot run on a twin",
        )


def _is_explained(error: EngineError) -> bool:
    return error.sqlstate in EXPLAINED or any(text in error.message for text in EXPLAINED_MESSAGES)


def _refused(trial: Trial, statement: StatementEffects, error: EngineError) -> Finding:
    detail = f" ({error.detail})" if error.detail else ""
    return finding(
        severity="error",
        message=f"The statement fails with {error.sqlstate}: {error.message}{detail}",
        location=at(trial, statement),
        evidence=(
            Proof("the engine takes the statement", "refuted", f"{error.sqlstate} on the twin"),
        ),
        help="write it for the schema that production has",
    )
