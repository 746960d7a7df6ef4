"""A statement that an empty table takes can fail on rows such as production has.

## What it does
Reports statements that the twin takes with empty tables and refuses with a few rows in each, drawn
from production's statistics and obeying every constraint, where no other rule explains it.

## Why it matters
Tests on empty databases pass; the deployment fails.

## Example
    ALTER TABLE orders ADD CONSTRAINT unpaid CHECK (paid < total);   -- some are paid

## Use instead
Correct the rows in a step before, and ask the table itself with the query that decides it
(`--database` does, for constraints).

## What proves it
The engine's refusal of made-up rows. They obey the constraints that are there and follow the
statistics column by column, so that two columns need not go together as they do in production:
the claim about production's rows stays unchecked.

## Source
PostgreSQL manual, "PostgreSQL Error Codes", classes 22 and 23.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbspecialist.facts.data_fit import ClaimKind
from dbspecialist.facts.effects import EngineError, StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.walked import RowsError
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.migration._data_fit import is_decided

TITLE = "Mend what fails once there are rows"
SEVERITY = "info"
ENGINES = ("postgresql",)

#: Samples know nothing of references that are not declared yet, so they say nothing of 23503.
#: The others have rules of their own: NOT NULL, duplicates, values that do not fit.
EXPLAINED = frozenset({"23502", "23503", "23505", "22001", "22003"})

EXPLAINED_MESSAGES = (
    "invalid input value for enum",  # replace-rows-before-removing-enum-values
    "partition constraint of relation",  # samples know no bound before it is there
)

#: Kinds of claims whose rules tell of an error, or of a class of them, where they are decided.
_DECIDED: Mapping[str, tuple[ClaimKind, ...]] = {
    "23514": ("check", "bound", "update"),
    "23P01": ("unique",),
    "22": ("type", "computed"),
}
#: Classes that values read from a table lead to: data exception, cardinality violation.
_OF_VALUES = frozenset({"22", "21"})


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each statement that sample rows make fail."""
    for refused in trial.rows_errors:
        if refused.error.sqlstate in EXPLAINED or refused.index >= len(trial.statements):
            continue
        if refused.error.stopped:
            continue  # end-statements
        if any(text in refused.error.message for text in EXPLAINED_MESSAGES):
            continue
        statement = trial.statements[refused.index]
        if any(is_decided(run, trial, statement, kind) for kind in _told_by(refused.error)):
            continue
        if statement.error is None and _meets_rows(run, statement, refused.error):
            yield _finding(trial, statement, refused, _help(run, trial, refused))


def _told_by(error: EngineError) -> tuple[ClaimKind, ...]:
    return _DECIDED.get(error.sqlstate) or _DECIDED.get(error.sqlstate[:2], ())


def _meets_rows(run: Run, statement: StatementEffects, error: EngineError) -> bool:
    """Tell whether production has rows in what a statement locks, or computes values of."""
    then = run.at(statement)
    found = {lock.blocked for lock in statement.locks}
    if error.sqlstate[:2] in _OF_VALUES:
        found.update(statement.scans, statement.queried, statement.selects, statement.reads)
    return not all(map(then.is_empty, found))


def _help(run: Run, trial: Trial, refused: RowsError) -> str:
    """Advise --database where it would be asked, and has not been."""
    askable = any(
        item.claim.query and not item.claim.obstacle and item.claim.index == refused.index
        for item in run.data_fit
        if item.claim.revision == trial.migration.revision
    )
    if askable and not any(item.source == "database" for item in run.data_fit):
        return "correct the rows in an earlier step, and ask the table itself with --database"
    return "query the table itself for rows that the statement refuses, and correct those first"


def _finding(trial: Trial, statement: StatementEffects, refused: RowsError, words: str) -> Finding:
    error = refused.error
    return finding(
        severity="info",
        message=(
            f"The statement fails on made-up rows with {error.sqlstate}: {error.message}; "
            "whether production's rows pass was not looked at"
        ),
        location=at(trial, statement),
        evidence=(
            Proof(
                "production's rows let the statement through",
                "unchecked",
                f"made-up rows, each column by itself, fail with {error.sqlstate}; production's "
                "own were not read",
            ),
        ),
        help=words,
        relation=statement.locks[0].relation if statement.locks else "",
    )
