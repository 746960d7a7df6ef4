"""A statement that works longer than statement_timeout is cancelled, and the migration fails.

## What it does
Compares the time that a statement is estimated to work at production size with the
statement_timeout, or the transaction_timeout, in force when it runs. Concurrent builds of indexes
have a rule of their own.

## Why it matters
The engine cancels it with 57014 (25P04 for the transaction) after all that time under its locks,
rolls it back, and the deployment stops.

## Example
    SET statement_timeout = '5s';
    ALTER TABLE orders ALTER COLUMN placed TYPE date;  -- writes 40 GiB anew

## Use instead
    SET statement_timeout = 0;  -- for this statement, with a short lock_timeout

or a sequence whose steps are each shorter than the time-out.

## What proves it
The time-out in force is read from the engine. The time is an estimate from production's size and
the rates of this machine: an error from twice the time-out on, a warning from the time-out on.

## Source
PostgreSQL manual, "statement_timeout", "transaction_timeout"; "PostgreSQL Error Codes", 57014.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import duration
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import ESTIMATE, at, seen

TITLE = "Lift statement_timeout for work that takes longer"
SEVERITY = "error"
ENGINES = ("postgresql",)

#: Estimates are those of one backend on data in memory, within a factor of about two.
_SURE = 2.0
#: What is faster than this is no work.
_LEAST_MS = 20.0


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each statement that a time-out is estimated to end."""
    for statement in trial.statements:
        work, name, limit = statement.work_ms or 0.0, *_limit(statement)
        if (
            statement.error
            or not limit
            or work <= max(limit, _LEAST_MS)
            or _is_concurrent(statement)
        ):
            continue
        yield finding(
            severity="error" if work > _SURE * limit else "warning",
            message=(
                f"The statement works for about {duration(work)} and {name} is {duration(limit)}: "
                f"it fails with {_SQLSTATES[name]}"
            ),
            location=at(trial, statement),
            evidence=(
                seen(f"runs with {name} {duration(limit)} in force"),
                Proof(f"the statement ends within {duration(limit)}", "unchecked", ESTIMATE),
            ),
            help=f"SET {name} = 0 for this statement, or steps that are shorter",
            relation=next(iter(statement.blocked_ms), ""),
        )


_SQLSTATES = {"statement_timeout": "57014", "transaction_timeout": "25P04"}


def _limit(statement: StatementEffects) -> tuple[str, float]:
    """Return the shortest time-out in force, in milliseconds, 0 where there is none."""
    limits = {name: float(statement.settings.get(name, 0)) for name in _SQLSTATES}
    found = {name: limit for name, limit in limits.items() if limit}
    return min(found.items(), key=lambda item: item[1], default=("statement_timeout", 0.0))


def _is_concurrent(statement: StatementEffects) -> bool:
    return (
        bool(statement.index_builds)
        and not statement.in_transaction
        and all(lock.mode == "ShareUpdateExclusiveLock" for lock in statement.locks if lock.blocks)
    )
