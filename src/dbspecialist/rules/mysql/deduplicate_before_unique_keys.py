"""A unique index over values that repeat is refused after it has read the whole table.

## What it does
Looks for unique indexes that a statement builds on a table that production has rows in, over
columns whose values repeat as of the snapshot, or of which it knows nothing.

## Why it matters
The engine reads and sorts all rows, and ends with error 1062 at the first pair of equal ones. Rows
that are written meanwhile with equal values make it fail as well, at its end. NULLs are no
duplicates.

## Example
    ALTER TABLE users ADD UNIQUE KEY (email);

## Use instead
    SELECT email, count(*) FROM users GROUP BY email HAVING count(*) > 1 LIMIT 1;

and the index once the rows are merged and code has stopped writing duplicates. Under a collation
that does not tell case, 'A' and 'a' are equal.

## What proves it
The index is read from information_schema behind the statement on the twin; how often values repeat
is the snapshot's (mysql.column_stats, mysql.innodb_index_stats).

## Source
MySQL manual, "Online DDL Failure Conditions".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.mysql._alters import alters, is_decided, of_rows

TITLE = "Merge duplicates before a unique index"
SEVERITY = "error"
ENGINES = ("mysql", "mariadb")

#: The share of distinct values among the rows from which an estimate does not tell duplicates.
NEARLY_ALL = 0.9


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each unique index whose values may repeat."""
    for statement, lock in alters(trial, run):
        for item in statement.changes:
            index = item.after
            if index is None or index.kind != "index":
                continue
            if item.before is not None and "columns" not in item.changed:
                continue
            if index.attributes["kind"] == "index" or _is_kept(trial, index):
                continue
            columns = index.attributes["columns"]
            distinct = _distinct(run, lock.relation, index)
            rows = run.rows(lock.relation)
            repeats = distinct is not None and distinct < rows * NEARLY_ALL
            rows_say = of_rows(trial, run, statement, index.name, "unique")
            refuted = is_decided(rows_say, "refuted")
            if is_decided(rows_say, "proven"):
                continue
            told = f"{count(distinct)} values in {count(rows)} rows" if repeats and distinct else ""
            yield finding(
                severity="error" if repeats or refuted else "info",
                message=(
                    f"Index {index.name} is unique over {columns}: "
                    + (
                        f"{told} make it fail with error 1062"
                        if told
                        else "equal rows make it fail"
                    )
                ),
                location=at(trial, statement),
                evidence=(rows_say,)
                if rows_say is not None and refuted
                else (
                    Proof(
                        f"no two rows of {lock.relation} are equal in {columns}",
                        "refuted" if repeats else "unchecked",
                        f"{told}, as of the snapshot" if told else "equal rows were not looked for",
                    ),
                ),
                help="merge the duplicates first, and make code write no more of them",
                relation=lock.relation,
            )


def _is_kept(trial: Trial, index: SchemaObject) -> bool:
    """Tell whether a unique index over the same columns was there before."""
    return any(
        item.attributes["columns"] == index.attributes["columns"]
        and item.attributes["kind"] != "index"
        for item in trial.before.parts_of(index.parent, "index")
    )


def _distinct(run: Run, relation: str, index: SchemaObject) -> float | None:
    """Return the distinct values of an index's only column, without NULLs where some are known."""
    column = index.attributes["columns"]
    if run.snapshot is None or "," in column:
        return None
    known = run.snapshot.column.get((run.renamed.get(relation, relation), column))
    if known is None or known.n_distinct <= 0 or known.null_frac > 0:
        return None
    return known.n_distinct * run.scale
