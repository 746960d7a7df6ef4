"""A foreign key that is checked at once stops writes to both of its tables.

## What it does
Looks for foreign keys that a statement adds and checks against the rows of a table that production
has rows in.

## Why it matters
ADD FOREIGN KEY takes SHARE ROW EXCLUSIVE on the table and on the referenced table and then looks up
every row: INSERT, UPDATE and DELETE wait on both until it is done. NOT VALID leaves the look-up
out, and VALIDATE CONSTRAINT does it under SHARE UPDATE EXCLUSIVE, which stops neither reads nor
writes.

## Example
    ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users;

## Use instead
    ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users NOT VALID;

and in a later transaction

    ALTER TABLE orders VALIDATE CONSTRAINT orders_user;

## What proves it
The locks and the scan are read from the engine; the fix is run on the twin and must end in the
same catalogue.

## Source
PostgreSQL manual, "ALTER TABLE", section "Notes", on NOT VALID and VALIDATE CONSTRAINT.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import ConstraintChange, StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.judging import lock_on
from dbspecialist.rules.migration._constraints import added, in_two_steps, says_not_valid
from dbspecialist.rules.migration._waits import wait_for_largest

TITLE = "Add foreign keys NOT VALID and validate them later"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each foreign key that is checked while writes wait."""
    for statement in trial.statements:
        for change in added(trial, run, statement, "foreign key"):
            wait = wait_for_largest(trial, run, statement, change.relation, change.referenced)
            if not change.valid or wait is None or says_not_valid(statement):
                continue
            both = dict.fromkeys((change.relation, change.referenced))
            locks = (item for item in statement.locks if item.relation in both)
            yield wait.finding(
                f"Foreign key {change.name} of {change.relation} blocks {wait.who} of "
                f"{' and '.join(both)} {wait.long}",
                f"looks up every row of {wait.table}",
                "ADD CONSTRAINT … NOT VALID, then VALIDATE CONSTRAINT in a later transaction",
                change.relation,
                also=tuple(item for item in locks if item != wait.lock),
            )


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Add it NOT VALID and validate it in a transaction of its own.

    Before PostgreSQL 18 a partitioned table takes no NOT VALID foreign key.
    """
    found = list(added(trial, run, statement, "foreign key"))
    if len(found) != 1 or (_is_partitioned(statement, found[0]) and _is_older(run)):
        return None
    return in_two_steps(found[0], statement)


def _is_partitioned(statement: StatementEffects, change: ConstraintChange) -> bool:
    lock = lock_on(statement, change.relation)
    return lock is not None and lock.kind == "partitioned table"


def _is_older(run: Run) -> bool:
    return run.snapshot is not None and run.snapshot.server_version < 180000
