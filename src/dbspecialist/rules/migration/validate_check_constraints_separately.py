"""A CHECK that is tested at once stops reads and writes while every row is read.

## What it does
Looks for CHECK constraints that a statement adds and tests on the rows of a table that production
has rows in.

## Why it matters
ADD CHECK takes ACCESS EXCLUSIVE and then reads the whole table: no query runs until it is done.
NOT VALID leaves the reading out and binds new rows alone; VALIDATE CONSTRAINT reads the table
under SHARE UPDATE EXCLUSIVE, which stops neither reads nor writes.

## Example
    ALTER TABLE orders ADD CONSTRAINT orders_total CHECK (total >= 0);

## Use instead
    ALTER TABLE orders ADD CONSTRAINT orders_total CHECK (total >= 0) NOT VALID;

and in a later transaction

    ALTER TABLE orders VALIDATE CONSTRAINT orders_total;

## What proves it
The lock and the scan are read from the engine; the fix is run on the twin and must end in the
same catalogue.

## Source
PostgreSQL manual, "ALTER TABLE", section "Notes", on NOT VALID and VALIDATE CONSTRAINT.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.migration._constraints import added, in_two_steps, says_not_valid
from dbspecialist.rules.migration._waits import wait_for_largest

TITLE = "Add CHECK constraints NOT VALID and validate them later"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each CHECK that is tested while reads and writes wait."""
    for statement in trial.statements:
        for change in added(trial, run, statement, "check"):
            wait = wait_for_largest(trial, run, statement, change.relation)
            # A rewrite reads every row anyway: the rules on rewrites speak of it.
            if wait is None or not change.valid or wait.table in statement.rewrites:
                continue
            if "writes" not in wait.lock.blocks or says_not_valid(statement):
                continue
            yield wait.finding(
                f"Constraint {change.name} blocks {wait.who} of {change.relation} {wait.long}",
                f"reads {wait.table} from beginning to end",
                "ADD CONSTRAINT … NOT VALID, then VALIDATE CONSTRAINT in a later transaction",
                change.relation,
            )


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Add it NOT VALID and validate it in a transaction of its own."""
    found = list(added(trial, run, statement, "check"))
    return in_two_steps(found[0], statement) if len(found) == 1 else None
