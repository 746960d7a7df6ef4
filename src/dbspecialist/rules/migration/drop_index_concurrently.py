"""DROP INDEX stops reads and writes of its table until the transaction ends.

## What it does
Looks for indexes that a statement drops while it holds ACCESS EXCLUSIVE on a table that production
has rows in. Work that follows in its transaction is commit-before-long-work's.

## Why it matters
DROP INDEX itself takes about a millisecond, but its lock waits for every query that uses the table,
lets all later ones queue behind it, and is held to the end of the transaction. DROP INDEX
CONCURRENTLY takes SHARE UPDATE EXCLUSIVE, which stops neither reads nor writes.

## Example
    DROP INDEX orders_user_id_idx;

## Use instead
    DROP INDEX CONCURRENTLY orders_user_id_idx;

outside of a transaction, one index at a time.

## What proves it
The lock is read from the engine; the fix is run on the twin and must end in the same catalogue.

## Source
PostgreSQL manual, "DROP INDEX", on CONCURRENTLY.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.locks import Lock
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, blocks, concurrently_help, lock_evidence, seen
from dbspecialist.rules.migration._constraints import catalogue_before, held_lock
from dbspecialist.rules.migration._tables import is_filled

TITLE = "Drop indexes of filled tables with CONCURRENTLY"
SEVERITY = "info"
ENGINES = ("postgresql",)

_PLAIN = re.compile(r"\s*drop\s+index\b(?!\s+concurrently\b)(?!.*\bcascade\b)", re.I | re.S)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each index that is dropped while reads and writes wait."""
    for statement in trial.statements:
        for index, lock in _dropped(trial, run, statement):
            yield finding(
                severity="info",
                message=(
                    f"Index {index} is dropped while {blocks(lock)} of {lock.relation} wait, "
                    f"up to the end of the transaction ({lock.mode})"
                ),
                location=at(trial, statement),
                evidence=(lock_evidence(lock), seen(f"drops {index}")),
                help=(
                    "set a lock_timeout: an index of a partitioned table has no concurrent drop"
                    if lock.kind == "partitioned table"
                    else concurrently_help(trial, statement, "DROP INDEX CONCURRENTLY")
                ),
                relation=lock.relation,
            )


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Drop the same indexes concurrently, one statement each.

    An index of a partitioned table cannot be dropped so.
    """
    before = catalogue_before(trial, run)
    found = [before.get("index", name) for name, _ in _dropped(trial, run, statement)]
    if not _PLAIN.match(statement.sql) or any(
        item is None or " ON ONLY " in item.attributes["definition"] for item in found
    ):
        return None
    drops = tuple(f"DROP INDEX CONCURRENTLY {item.name}" for item in found if item)
    back = tuple(item.create for item in found if item)
    return (Phase("drop the index while the table is used", drops, back, transactional=False),)


def _dropped(trial: Trial, run: Run, statement: StatementEffects) -> Iterator[tuple[str, Lock]]:
    if "DROP INDEX" not in statement.tags:
        return
    before = catalogue_before(trial, run)
    for kind, _, name in (item.partition(" ") for item in statement.drops):
        index = before.get("index", name) if kind == "index" else None
        # A partition's index goes with the one that it is attached to.
        if index is None or f"index {index.attributes.get('attached_to')}" in statement.drops:
            continue
        lock = held_lock(trial, statement, index.parent)
        if lock and "writes" in lock.blocks and is_filled(trial, run, lock.relation, statement):
            yield name, lock
