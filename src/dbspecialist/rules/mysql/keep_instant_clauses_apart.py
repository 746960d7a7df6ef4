"""Clauses that are cheap each by itself can write the table anew together.

## What it does
Looks for ALTER TABLE statements of several clauses on tables that production has rows in, whose
algorithm is dearer than that of each clause by itself.

## Why it matters
The engine takes one algorithm for all clauses. ADD COLUMN changes the dictionary alone and ADD
INDEX builds one index; in one statement the engine writes the whole table anew, with all its
indexes.

## Example
    ALTER TABLE orders ADD COLUMN note VARCHAR(50), ADD INDEX (user_id);

## Use instead
    ALTER TABLE orders ADD COLUMN note VARCHAR(50), ALGORITHM=INSTANT, LOCK=NONE;
    ALTER TABLE orders ADD INDEX (user_id), ALGORITHM=NOCOPY, LOCK=NONE;

(MySQL has no NOCOPY: ALGORITHM=INPLACE.)

## What proves it
Each clause is tried by itself on an empty table of the same definition, and all of them together,
with each ALGORITHM and LOCK.

## Source
MariaDB documentation, "InnoDB Online DDL Operations with the NOCOPY Alter Algorithm".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.mysql.alter import MARIADB_ALGORITHMS, read_alter
from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count, duration
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.mysql._alters import alters, asked

TITLE = "Keep instant clauses apart from others"
SEVERITY = "warning"
ENGINES = ("mysql", "mariadb")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each statement that is dearer than its clauses."""
    for statement, lock in alters(trial, run):
        if not is_dearer_together(statement):
            continue
        alone = _dearest(statement)
        told = ", ".join(f"{item.sql} is {item.algorithm}" for item in statement.clauses)
        yield finding(
            severity="warning",
            message=(
                f"{len(statement.clauses)} clauses together write {lock.relation} anew "
                f"(ALGORITHM={statement.algorithm}{_size(statement, lock.relation, run)}), and by "
                f"themselves take {alone} at most"
            ),
            location=at(trial, statement),
            evidence=(
                asked(statement),
                Proof("each clause by itself is cheaper", "proven", f"tried on the twin: {told}"),
            ),
            help="write a statement for each algorithm, each with its ALGORITHM=… and LOCK=NONE",
            relation=lock.relation,
        )


def is_dearer_together(statement: StatementEffects) -> bool:
    """Tell whether a statement's clauses take a dearer algorithm together than each alone."""
    alone = _dearest(statement)
    return alone is not None and _rank(statement.algorithm) > _rank(alone)


def fix(_trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Return a statement for each algorithm, in the order of the clauses, each asserted."""
    alter = read_alter(statement.sql)
    if alter is None or any(item.lock != "NONE" for item in statement.clauses):
        return None
    groups: list[tuple[str, list[str]]] = []
    for item in statement.clauses:
        if not groups or groups[-1][0] != item.algorithm:
            groups.append((item.algorithm, []))
        groups[-1][1].append(item.sql)
    # MySQL takes LOCK=DEFAULT alone beside INSTANT.
    free = {"INSTANT"} if run.engine == "mysql" else set()
    up = tuple(alter.asking(name, "" if name in free else "NONE", sql) for name, sql in groups)
    return (Phase("change the table in a statement for each algorithm", up, transactional=False),)


def _size(statement: StatementEffects, relation: str, run: Run) -> str:
    if statement.work_ms is None:
        return ""
    return f", about {duration(statement.work_ms)} at {count(run.rows(relation))} rows"


def _dearest(statement: StatementEffects) -> str | None:
    """Return the dearest algorithm of the clauses, where each was tried."""
    names = [item.algorithm for item in statement.clauses]
    return max(names, key=_rank) if len(names) > 1 else None


def _rank(algorithm: str) -> int:
    return MARIADB_ALGORITHMS.index(algorithm)
