"""A change of type makes the engine write the whole table anew.

## What it does
Looks for tables that the engine rewrites because a column's type changes. It owns the index
rebuilds of that rewrite.

## Why it matters
Every row and every index is written again under ACCESS EXCLUSIVE: no read and no write passes.
Many changes cost nothing, and the engine shows which: a longer varchar, varchar to text, a
larger numeric precision, timestamp to timestamptz where the time zone is UTC.

## Example
    ALTER TABLE orders ALTER COLUMN id TYPE bigint;

## Use instead
    ALTER TABLE orders ADD COLUMN id_new bigint;

a trigger that keeps both alike, a fill in steps that commit, an index built CONCURRENTLY, and
last a short transaction that renames the two columns.

## What proves it
The engine reports the rewrite and its reason, under production's TimeZone.

## Source
PostgreSQL manual, "ALTER TABLE", section "Notes".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import plural
from dbspecialist.rules.migration._columns import changed_columns
from dbspecialist.rules.migration._rewrites import rewrite_finding
from dbspecialist.rules.migration._tables import rewritten

TITLE = "Change types without rewriting filled tables"
SEVERITY = "error"
ENGINES = ("postgresql",)

REASON = "a column's type changes"


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that is written anew for a type, once or several times."""
    found: dict[str, list[tuple[StatementEffects, str]]] = {}
    for statement in trial.statements:
        for table, leaf in rewritten(trial, statement, run, REASON):
            found.setdefault(table, []).append((statement, leaf))
    for table, rewrites in found.items():
        yield _finding(trial, table, rewrites, run)


def _finding(
    trial: Trial, table: str, rewrites: Sequence[tuple[StatementEffects, str]], run: Run
) -> Finding:
    """Say it at the statement with the longest wait, which is the first of a transaction."""
    statement, leaf = max(rewrites, key=lambda item: item[0].blocked_ms.get(item[1], 0))
    others = [item.line for item, _ in rewrites if item is not statement]
    again = f", and again in {_lines(others)}" if others else ""
    many = "one ALTER TABLE for all, which writes it once; or " if others else ""
    return rewrite_finding(
        trial,
        run,
        statement,
        (table, leaf),
        subject=f"{_subject(trial, statement, table)} rewrites {table}{again}",
        reason=REASON,
        help=f"{many}a second column, kept alike by a trigger, filled in steps, then renamed",
    )


def _lines(lines: Sequence[int | None]) -> str:
    known = [f"{line:,}" for line in lines if line is not None]
    if len(known) < len(lines):
        return plural(len(lines), "other statement")
    return f"line{'s' if len(known) > 1 else ''} {', '.join(known)}"


def _subject(trial: Trial, statement: StatementEffects, table: str) -> str:
    for item in changed_columns(trial, "type"):
        column = item.column
        if item.before and column.parent == table and item.statement is statement:
            old, new = item.before.attributes["type"], column.attributes["type"]
            return f"Column {column.name} from {old} to {new}"
    return f"A column of {table}"
