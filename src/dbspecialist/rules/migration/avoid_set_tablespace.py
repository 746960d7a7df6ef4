"""SET TABLESPACE copies a whole table or index while no read and no write passes.

## What it does
Looks for filled tables, and indexes of filled tables, that get another tablespace.

## Why it matters
The table's file is copied to the other disk under ACCESS EXCLUSIVE, and written to the
write-ahead log on the way. An index is copied so too, and as every query locks all indexes of its
tables, the table can be neither read nor written meanwhile.

## Example
    ALTER TABLE orders SET TABLESPACE cold;

## Use instead
    CREATE TABLE orders_cold (LIKE orders INCLUDING ALL) TABLESPACE cold;

filled in steps that commit, and put in place by two renames in one transaction; or pg_repack,
which moves a table online. For an index: REINDEX (TABLESPACE cold) INDEX CONCURRENTLY.

## What proves it
The lock and the table's new file are read from the engine, on a twin with tablespaces of
production's names.

## Source
PostgreSQL manual, "ALTER TABLE", SET TABLESPACE.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.locks import Lock
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import Wait
from dbspecialist.rules.judging import lock_over
from dbspecialist.rules.migration._columns import altered
from dbspecialist.rules.migration._tables import named_after

TITLE = "Avoid SET TABLESPACE of filled tables"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each filled table, or its index, that is copied to another tablespace."""
    yield from _tables(trial, run)
    for statement in trial.statements:
        for lock in statement.locks:
            if lock.relation in statement.index_builds and "REINDEX" not in _tags(statement):
                yield from _index(trial, run, statement, lock)


def _index(trial: Trial, run: Run, statement: StatementEffects, lock: Lock) -> Iterator[Finding]:
    if "reads" not in lock.blocks or run.at(statement).is_empty(lock.table):
        return
    wait = Wait(trial, run, statement, lock.table, lock)
    yield wait.finding(
        f"Index {lock.relation} is copied to another tablespace: {wait.who} of "
        f"{lock.table} wait {wait.long}",
        f"writes {lock.relation} anew: its storage is replaced",
        "REINDEX (TABLESPACE …) INDEX CONCURRENTLY, outside of a transaction",
    )


def _tags(statement: StatementEffects) -> set[str]:
    return {*statement.tags, *(tag for tag, _, _ in statement.creates)}


def _tables(trial: Trial, run: Run) -> Iterator[Finding]:
    for statement in trial.statements:
        for name, reason in statement.rewrites.items():
            table = trial.after.get("table", named_after(trial, statement, name))
            was = trial.before.get("table", trial.name_before(name, statement))
            lock = lock_over(statement, name)
            if not (table and was and lock) or name not in altered(statement):
                continue
            if _place(table) == _place(was) or run.at(statement).is_empty(name):
                continue
            wait = Wait(trial, run, statement, name, lock)
            yield wait.finding(
                f"Table {name} is copied to {_place(table)}: {wait}",
                f"writes {name} anew: {reason}",
                "fill a new table in steps and exchange the two by renames, or pg_repack",
            )


def _place(table: SchemaObject) -> str:
    return table.attributes.get("tablespace", "the default tablespace")
