"""Keys and the indexes behind them."""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.postgresql.identifiers import object_name
from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import ConstraintChange
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.names import listed
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import Wait
from dbspecialist.rules.judging import concurrently_help
from dbspecialist.rules.migration._constraints import added, filled
from dbspecialist.rules.migration._indexes import concurrently
from dbspecialist.rules.migration._waits import held_wait


def built_under_a_lock(
    trial: Trial, run: Run, kind: str, noun: str, help: str
) -> Iterator[Finding]:
    """Yield a finding for each key whose index is built while reads and writes wait.

    Args:
        kind: `primary key` or `unique`.
        noun: What it is called.
        help: What to write instead.
    """
    for change, wait in built_keys(trial, run, kind):
        yield wait.finding(
            f"{noun} {change.name} blocks {wait.who} of {change.relation} while its "
            f"index is built, {wait.long}",
            f"builds {change.index} over the rows of {wait.table}",
            concurrently_help(trial, wait.statement, help),
            change.relation,
        )


def built_keys(trial: Trial, run: Run, kind: str) -> Iterator[tuple[ConstraintChange, Wait]]:
    """Yield the keys whose index a statement builds over rows, with the wait for it.

    A rewrite builds all indexes anyway: the rules on rewrites speak of it.
    """
    for statement in trial.statements:
        for change in added(trial, run, statement, kind):
            tables = [
                name
                for name in filled(trial, statement, run, change.relation)
                if name in statement.index_builds.values() and name not in statement.rewrites
            ]
            wait = held_wait(trial, run, statement, tables[0]) if tables else None
            if wait is not None and "writes" in wait.lock.blocks:
                yield change, wait


def using_index(trial: Trial, change: ConstraintChange) -> tuple[Phase, ...] | None:
    """Return the phases that build a key's index concurrently and then make it the key.

    A partitioned table has no such way: its index is one of partitions.
    """
    index = trial.after.get("index", change.index)
    constraint = trial.after.get("constraint", f"{change.relation}.{change.name}")
    if index is None or constraint is None or " ON ONLY " in index.attributes["definition"]:
        return None
    word = "PRIMARY KEY" if change.kind == "primary key" else "UNIQUE"
    deferrable = {"immediate": " DEFERRABLE", "deferred": " DEFERRABLE INITIALLY DEFERRED"}
    suffix = deferrable.get(constraint.attributes.get("deferrable", ""), "")
    table, name = change.relation, change.name
    return (
        Phase(
            "build the index while writes go on",
            (concurrently(index.attributes["definition"]),),
            (f"DROP INDEX CONCURRENTLY {change.index}",),
            transactional=False,
        ),
        Phase(
            "make it the key",
            (f"ALTER TABLE {table} ADD CONSTRAINT {name} {word} USING INDEX {name}{suffix}",),
            (f"ALTER TABLE {table} DROP CONSTRAINT {name}",),
        ),
    )


def not_null_steps(table: str, column: str) -> tuple[Phase, ...]:
    """Return the phases that make a column NOT NULL without a scan under a strong lock."""
    name = object_name("dbs", column, "not_null")
    return (
        Phase(
            f"require {column} in new rows",
            (f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID",),
            (f"ALTER TABLE {table} DROP CONSTRAINT {name}",),
        ),
        Phase(
            "check the rows that are there while reads and writes go on",
            (f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}",),
        ),
        Phase(
            f"set {column} NOT NULL, which the CHECK has proven",
            (
                f"ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL",
                f"ALTER TABLE {table} DROP CONSTRAINT {name}",
            ),
            (f"ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL",),
        ),
    )


def made_not_null(trial: Trial, change: ConstraintChange) -> list[str]:
    """Return the columns of a key that a migration makes NOT NULL."""
    constraint = trial.after.get("constraint", f"{change.relation}.{change.name}")
    columns = listed(constraint.attributes["columns"]) if constraint else []
    before = [trial.before.get("column", f"{change.relation}.{column}") for column in columns]
    return [
        column
        for column, was in zip(columns, before, strict=True)
        if was is not None and was.attributes["not_null"] != "true"
    ]
