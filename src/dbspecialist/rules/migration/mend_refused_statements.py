"""A statement that the engine refuses on production's schema stops the deployment.

## What it does
Reports each statement that the twin refuses for a reason that no other rule explains.

A failure without rows that rows of production may prevent (a parent that is not there, a query
that returns nothing) is `unchecked`, a warning; where the migration goes through with made-up rows
it is `tested` and told as info. A refusal for a role that an older snapshot does not hold, for a
right that production's superuser has, or for what the twin's server is built without, is
`unchecked`, a warning. Where the twin runs something else in its place (lz4, ICU), that is told as
info.

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

from dbspecialist.facts.effects import TRIED_WITH, EngineError, StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.rows_needed import Failure
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.migration._readings import lacking
from dbspecialist.rules.migration._twin_limits import limit

TITLE = "Mend statements that the engine refuses"
SEVERITY = "error"
ENGINES = ("postgresql", "mysql", "mariadb", "sqlite")

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
    "Cannot add a",  # add-columns-that-alter-can-add
    " after drop column:",  # free-columns-before-dropping-them
    "cannot drop PRIMARY KEY column",
    "cannot drop UNIQUE column",
)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each refused statement, and for a migration that stops by itself."""
    if trial.needs_rows is not None:
        yield _unsure(trial, run, trial.needs_rows)
        if not trial.needs_rows.passed:
            return
    yield from (_otherwise(trial, item) for item in trial.statements if _is_otherwise(item))
    refused = [item for item in trial.statements if item.error]  # end-statements: those stopped
    for statement in refused:
        if statement.error and not statement.error.stopped and not _is_explained(statement.error):
            yield _refused(trial, statement, statement.error, _why_unsure(trial, run, statement))
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


def _why_unsure(trial: Trial, run: Run, statement: StatementEffects) -> str:
    """Say why production may take what the twin refuses, or nothing.

    Migrations before it that were not run may make what it lacks.
    """
    error = statement.error
    assert error is not None
    before = run.trials[: next(n for n, item in enumerate(run.trials) if item is trial)]
    passed = [item.migration.revision for item in before if item.migration.not_run]
    if passed and error.lacks_object:
        return f"{', '.join(passed)} before it was not run"
    return limit(error, run)


def _refused(trial: Trial, statement: StatementEffects, error: EngineError, why: str) -> Finding:
    detail = f" ({error.detail})" if error.detail else ""
    if why:
        return finding(
            severity="warning",
            message=f"The statement fails with {error.sqlstate}: {error.message}; {why}",
            location=at(trial, statement),
            evidence=(Proof("the engine takes the statement", "unchecked", why),),
            help="try it on a copy of production",
        )
    return finding(
        severity="error",
        message=f"The statement fails with {error.sqlstate}: {error.message}{detail}",
        location=at(trial, statement),
        evidence=(
            Proof("the engine takes the statement", "refuted", f"{error.sqlstate} on the twin"),
        ),
        help="write it for the schema that production has",
    )


def _is_otherwise(statement: StatementEffects) -> bool:
    return statement.error is None and statement.unchecked.startswith(TRIED_WITH)


def _otherwise(trial: Trial, statement: StatementEffects) -> Finding:
    """Say what was run in place of a statement that the twin's server cannot run."""
    return finding(
        severity="info",
        message=f"The statement was {statement.unchecked}",
        location=at(trial, statement),
        evidence=(Proof("the engine takes the statement", "unchecked", statement.unchecked),),
        help="try it on a copy of production",
    )


def _unsure(trial: Trial, run: Run, failure: Failure) -> Finding:
    """Say that a failure without rows is none yet, and how it went with made-up ones."""
    error = failure.error
    told = f"{error.sqlstate}: {error.message}" if error else failure.reason
    same = (item for item in trial.statements if failure.sql and item.sql == failure.sql)
    lacks = lacking(run, failure.relations)
    if failure.passed:
        words = f"{trial.migration.revision} needs rows: without any it fails with {told}; {lacks}"
        basis = f"it passes with made-up rows; {lacks}"
        proof = Proof("production's rows let it through", "tested", basis, 1)
        if failure.given:
            words += f"; it passes where there is {', '.join(failure.given)}"
            basis = f"statistics do not tell whether there is {', '.join(failure.given)}"
            proof = Proof("production's rows let it through", "unchecked", basis)
    else:
        words = f"{trial.migration.revision} fails with {told}; {lacks}"
        proof = Proof("production's rows let it through", "unchecked", lacks)
    return finding(
        severity="info" if failure.passed and not failure.given else "warning",
        message=words,
        location=trial.location(next(same, None)),
        evidence=(proof,),
        help="try it on a copy of production that has rows",
    )
