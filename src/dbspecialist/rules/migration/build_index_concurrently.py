"""An index built without CONCURRENTLY stops writes to its table while it is built.

## What it does
Looks for indexes that a statement builds on a table that production has rows in, while it holds
a lock that stops writes (SHARE or stronger). Indexes that come with a constraint, a rewrite or a
REINDEX, and those of partitioned tables, are other rules'.

## Why it matters
CREATE INDEX takes a SHARE lock: every INSERT, UPDATE and DELETE waits until the last row is in
the index. CREATE INDEX CONCURRENTLY takes SHARE UPDATE EXCLUSIVE, which stops neither.

## Example
    CREATE INDEX orders_user_id_idx ON orders (user_id);

## Use instead
    CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);

outside of a transaction, and without a short lock_timeout: it waits for every older transaction.

## What proves it
The lock and the index are read from the engine; the fix is run on the twin and must end in the
same catalogue.

## Source
PostgreSQL manual, "CREATE INDEX", section "Building Indexes Concurrently".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.judging import concurrently_help
from dbspecialist.rules.migration._waits import held_wait

TITLE = "Build indexes on filled tables with CONCURRENTLY"
SEVERITY = "error"
ENGINES = ("postgresql",)

_CREATE_INDEX = re.compile(r"\s*(create\s+(?:unique\s+)?index)\s+(?!concurrently)", re.IGNORECASE)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each index that is built while writes wait."""
    for statement in trial.statements:
        if "CREATE INDEX" not in _tags(statement) or _is_partitioned(statement):
            continue
        for index, table in statement.index_builds.items():
            wait = held_wait(trial, run, statement, table)
            if wait is None or "writes" not in wait.lock.blocks:
                continue
            if run.at(statement).is_empty(table):
                continue
            yield wait.finding(
                f"Index {index} blocks {wait.who} of {table} {wait.long}",
                f"builds {index} over the rows of {table}",
                concurrently_help(trial, statement, "CREATE INDEX CONCURRENTLY"),
            )


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Build the same index concurrently, in a step of its own."""
    if not _CREATE_INDEX.match(statement.sql):
        return None
    concurrent = _CREATE_INDEX.sub(r"\1 CONCURRENTLY ", statement.sql, count=1)
    return (Phase("build the index while writes go on", (concurrent,), transactional=False),)


def _tags(statement: StatementEffects) -> set[str]:
    return {tag for tag, _, _ in statement.creates} | set(statement.tags)


def _is_partitioned(statement: StatementEffects) -> bool:
    return any(
        lock.kind == "partitioned table" and "writes" in lock.blocks for lock in statement.locks
    )
