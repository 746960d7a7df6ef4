"""A statement that changes many rows holds their locks, and its garbage, until it commits.

## What it does
Looks for statements that update, delete or insert more rows of a table that production has rows
in than can be changed within the longest wait that is allowed. Rows are the planner's estimate at
production size, also for statements inside functions and DO blocks; where such a block commits,
they are those of its largest transaction.

## Why it matters
A changed row is locked until the end of the transaction: whoever wants to change it waits. All
old versions stay until then, replicas fall behind, and where it fails everything is done anew.

## Example
    UPDATE users SET verified = false;

## Use instead
    UPDATE users SET verified = false WHERE id > 0 AND id <= 10000;

and so on by primary key, a commit each.

## What proves it
The plan is the engine's, with production's statistics.

## Source
PostgreSQL manual, "Row-Level Locks" and "Routine Vacuuming".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding, Severity
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at

TITLE = "Change many rows in batches that commit"
SEVERITY = "error"
ENGINES = ("postgresql", "mysql", "mariadb")

#: Rows that one statement may change before it is worth a word.
FEW = 10_000
#: Rows a second of one backend with an index or two; used for the severity alone.
ROWS_A_SECOND = 300_000


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each statement that changes many rows of an existing table."""
    for statement in trial.statements:
        # What a DO block has committed is locked no longer.
        for relation, rows in (statement.rows_at_once or statement.rows_modified).items():
            if rows <= FEW or run.at(statement).is_empty(relation) or statement.error:
                continue
            yield finding(
                severity=_severity(rows, run),
                message=_message(statement, relation, rows, run),
                location=at(trial, statement),
                evidence=(_evidence(statement, relation, rows),),
                help="change 1,000 to 10,000 rows at a time by primary key, with a commit each",
                relation=relation,
            )


def _message(statement: StatementEffects, relation: str, rows: float, run: Run) -> str:
    if {tag.split(" ")[0] for tag in statement.tags} == {"INSERT"}:
        return f"{relation} gets {count(rows)} rows in one statement: all of it is one transaction"
    there = run.at(statement).rows(relation)
    if there and not any(item.operation == "insert" for item in statement.writes):
        rows = min(rows, there)  # a loop may change the same rows again
    return (
        f"{relation} has {count(rows)} of {count(there)} rows changed in one "
        f"{'transaction' if statement.rows_at_once else 'statement'}: they stay locked until it "
        "commits"
    )


def _severity(rows: float, run: Run) -> Severity:
    return "error" if rows / ROWS_A_SECOND * 1000 > run.max_blocked_ms else "warning"


def _evidence(statement: StatementEffects, relation: str, rows: float) -> Proof:
    tag = statement.tags[0].split(" ")[0] if statement.tags else "the statement"
    return Proof(
        f"{tag} changes about {count(rows)} rows of {relation}",
        "unchecked",
        "estimated by the engine's planner from production's statistics",
    )
