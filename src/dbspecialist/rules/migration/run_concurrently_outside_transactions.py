"""CONCURRENTLY inside a transaction is refused.

## What it does
Looks for statements that the engine refuses with SQLSTATE 25001 because they stand in a transaction
block: CREATE INDEX, DROP INDEX, REINDEX and DETACH PARTITION CONCURRENTLY, VACUUM, CREATE DATABASE.

## Why it matters
These statements commit on their way, so they cannot be part of a transaction. Most tools wrap a
migration in one; the migration fails and the deployment stops.

## Example
    BEGIN;
    CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);
    COMMIT;

## Use instead
The statement in a migration of its own that the tool runs without a transaction: Alembic's
`autocommit_block()`, Flyway's `executeInTransaction=false`, TypeORM's `transaction = false`.

## What proves it
The engine's refusal on the twin, in the transaction that the tool makes.

## Source
PostgreSQL manual, "CREATE INDEX", section "Building Indexes Concurrently"; "Error Codes",
25001 active_sql_transaction.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, outside_transaction, seen

TITLE = "Run CONCURRENTLY outside of transactions"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each statement that is refused inside a transaction."""
    for statement in trial.statements:
        error = statement.error
        if error is None or error.sqlstate != "25001" or not statement.in_transaction:
            continue
        yield finding(
            severity="error",
            message=f"The statement fails: {error.message} (SQLSTATE 25001)",
            location=at(trial, statement),
            evidence=(seen(f"refuses it: {error.message}"),),
            help=outside_transaction(trial),
        )
