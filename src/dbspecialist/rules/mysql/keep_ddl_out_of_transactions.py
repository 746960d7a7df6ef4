"""DDL within a transaction commits what the transaction has done so far.

## What it does
Looks for statements that end an open transaction without being COMMIT or ROLLBACK.

## Why it matters
DDL commits by itself, before it runs and after. Rows that were changed in the same transaction are
committed with it, and a later ROLLBACK takes back only what follows. A transaction around such a
migration promises what the engine does not keep.

## Example
    START TRANSACTION;
    UPDATE orders SET status = 'paid' WHERE status = 'done';
    ALTER TABLE orders DROP COLUMN done_at;
    COMMIT;

## Use instead
    UPDATE orders SET status = 'paid' WHERE status = 'done';

and the ALTER TABLE in a migration of its own.

## What proves it
The server says after each statement whether a transaction is open: it was, and behind the statement
it is not.

## Source
MySQL manual, "Statements That Cause an Implicit Commit".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at

TITLE = "Keep DDL out of transactions"
SEVERITY = "warning"
ENGINES = ("mysql", "mariadb")

_CHANGES = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD"})


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each statement that commits rows without being asked to."""
    for number, statement in enumerate(trial.statements):
        changed = [
            item
            for item in trial.statements[:number]
            if item.transaction == statement.transaction and item.tags[0] in _CHANGES
        ]
        if not statement.commits or not changed:
            continue
        yield finding(
            severity="warning",
            message=(
                f"{statement.tags[0]} commits the open transaction: {_lines(changed)} cannot be "
                "rolled back from here on"
            ),
            location=at(trial, statement),
            evidence=(
                Proof(
                    f"{statement.tags[0]} ends the transaction",
                    "proven",
                    "the server's flags on the twin: a transaction was open before, none after",
                ),
            ),
            help="change rows and schema in migrations of their own",
            relation=statement.locks[0].relation if statement.locks else "",
        )


def _lines(changed: list[StatementEffects]) -> str:
    named = ", ".join(f"{item.tags[0]} in line {item.line}" for item in changed)
    return f"the {named}"
