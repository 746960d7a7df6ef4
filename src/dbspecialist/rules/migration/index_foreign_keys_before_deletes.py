"""A DELETE reads a referring table once for each row that goes, where no index serves its key.

## What it does
Looks for DELETEs, and UPDATEs of referenced columns, of tables to which a foreign key without an
index refers, and multiplies the rows that go with those of the referring table.

## Why it matters
The engine looks for referring rows with one query for each row. Without an index each of them reads
the whole table: 1,000 rows gone and 1 million rows that may refer to them are 1 billion rows read.
All locks of the transaction are held until then.

## Example
    DELETE FROM users WHERE closed < '2020-01-01';  -- orders.user_id has no index

## Use instead
    CREATE INDEX CONCURRENTLY ON orders (user_id);
    DELETE FROM users WHERE closed < '2020-01-01';

## What proves it
The foreign keys and indexes are read from the engine. The rows that go are the planner's estimate,
and the time is estimated from the referring table's size and the rate of a scan on this machine.

## Source
PostgreSQL manual, "Constraints", on foreign keys: the declaration of one makes no index on the
referencing columns.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.postgresql.referring import Searched, searched
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding, Severity
from dbspecialist.facts.names import listed
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count, duration
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import ESTIMATE, at, seen

TITLE = "Index foreign keys before rows that they refer to are deleted"
SEVERITY = "error"
ENGINES = ("postgresql",)

#: Rows read in all below which it is not worth a word: a fraction of a second.
FEW = 1_000_000


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that is read for every row that goes from another."""
    for statement in trial.statements:
        there = run.at(statement)
        for item in searched(trial, there, statement):
            if item.rows * there.rows(item.key.parent) > FEW:
                yield _finding(trial, there, statement, item)


def _finding(trial: Trial, run: Run, statement: StatementEffects, item: Searched) -> Finding:
    key, columns = item.key, ", ".join(listed(item.key.attributes["columns"]))
    child = count(run.rows(key.parent))
    rows = "1 row" if item.rows < 1.5 else f"each of about {count(item.rows)} rows"
    time = f", for about {duration(statement.work_ms)} in all" if statement.work_ms else ""
    return finding(
        severity=_severity(statement, run),
        message=(
            f"Table {key.parent} has no index on {columns}: its {child} rows are read for {rows} "
            f"of {item.relation} that the statement removes or gives another key{time}"
        ),
        location=at(trial, statement),
        evidence=(
            seen(f"no index of {key.parent} begins with {columns}, and {key.name} is looked up"),
            Proof(f"{key.parent} is read about {count(item.rows)} times", "unchecked", ESTIMATE),
        ),
        help=f"CREATE INDEX CONCURRENTLY ON {key.parent} ({columns}), before the statement",
        relation=key.parent,
    )


def _severity(statement: StatementEffects, run: Run) -> Severity:
    return "error" if (statement.work_ms or 0.0) > run.max_blocked_ms else "warning"
