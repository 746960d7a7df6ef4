"""VALIDATE CONSTRAINT in the transaction that added the constraint saves nothing.

## What it does
Looks for constraints that are validated while the lock of their addition is still held: in the same
transaction, or by the same ALTER TABLE.

## Why it matters
A lock is held to the end of its transaction. NOT VALID and VALIDATE in one transaction read the
whole table under the lock of the ADD, which stops writes (foreign key) or reads and writes (CHECK):
what NOT VALID is there to avoid.

## Example
    BEGIN;
    ALTER TABLE orders ADD CONSTRAINT orders_total CHECK (total >= 0) NOT VALID;
    ALTER TABLE orders VALIDATE CONSTRAINT orders_total;
    COMMIT;

## Use instead
Two migrations, or two transactions: COMMIT between the two statements.

## What proves it
The locks that the transaction holds and the scan are read from the engine; the fix is run on the
twin and must end in the same catalogue.

## Source
PostgreSQL manual, "Explicit Locking": a lock is normally held until the end of the transaction.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import ConstraintChange, StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.locks import Lock
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, blocks, by_blocked_time, lock_evidence, rows_worked, seen
from dbspecialist.rules.migration._constraints import held_lock, in_two_steps, says_not_valid

TITLE = "Validate constraints in a later transaction than the one that adds them"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each constraint that is validated under the lock of its addition."""
    for statement in trial.statements:
        for change in statement.constraints:
            lock = _lock_of_addition(trial, run, statement, change)
            if lock is None:
                continue
            first = _locking(trial, statement, lock)
            read = _size(statement, run, lock.relation)
            yield finding(
                severity=by_blocked_time(first, lock.relation, run),
                message=(
                    f"Constraint {change.name} of {change.relation} is validated while "
                    f"{blocks(lock)} of {lock.relation} wait: {read} are read "
                    f"under the {lock.mode} of its addition"
                ),
                location=at(trial, statement),
                evidence=(
                    lock_evidence(lock),
                    seen(f"reads {lock.relation} from beginning to end before that lock is freed"),
                ),
                help="COMMIT before VALIDATE CONSTRAINT, or write it in the next migration",
                relation=change.relation,
            )


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Validate in a transaction of its own, after the one that adds the constraint."""
    found = [item for item in statement.constraints if item.valid]
    if len(found) == 1 and found[0].added:
        return in_two_steps(found[0], statement)
    made = {(item.relation, item.name) for item in found}
    adding = [
        item.sql
        for item in trial.statements[: trial.place(statement)]
        if any((added.relation, added.name) in made for added in item.constraints)
    ]
    return (
        Phase("commit the addition", tuple(adding), present=True),
        Phase(
            "validate in a transaction of its own",
            (statement.sql,),
            when="the step before has been committed",
        ),
    )


def _lock_of_addition(
    trial: Trial, run: Run, statement: StatementEffects, change: ConstraintChange
) -> Lock | None:
    """Return the lock that stops work while a constraint's rows are read, or nothing."""
    if not change.valid or change.kind not in {"foreign key", "check", "not null"}:
        return None
    if change.added and not says_not_valid(statement):
        return None
    for relation in statement.scans:
        lock = held_lock(trial, statement, relation)
        if lock and "writes" in lock.blocks and not run.at(statement).is_empty(relation):
            return lock
    return None


def _locking(trial: Trial, statement: StatementEffects, lock: Lock) -> StatementEffects:
    """Return the statement from which on the lock is held."""
    return next(
        item
        for item in trial.statements
        if lock in item.locks and (item is statement or item.transaction == statement.transaction)
    )


def _size(statement: StatementEffects, run: Run, relation: str) -> str:
    then = run.at(statement)
    if not then.knows(relation):
        return "all its rows"
    return f"{count(rows_worked(statement, relation, then))} rows"
