"""A new or dropped foreign key locks the table at its other end.

## What it does
Looks for statements that make or drop a table or constraint and thereby lock another table, at the
other end of a foreign key, that production has rows in. Work that follows in the transaction is
commit-before-long-work's; foreign keys that lock three or more tables together are
add-foreign-keys-one-at-a-time's.

## Why it matters
CREATE TABLE … REFERENCES takes SHARE ROW EXCLUSIVE on the referenced table: its writes wait. DROP
TABLE and DROP CONSTRAINT of a foreign key take ACCESS EXCLUSIVE on it: its reads wait too. The lock
is held to the end of the transaction, and waits for every query that uses that table.

## Example
    CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint REFERENCES users);
    CREATE INDEX …;  -- users is locked until the transaction ends

## Use instead
A lock_timeout, and the statement in a transaction of its own or last in it. For a DROP TABLE: DROP
CONSTRAINT of the foreign key first, in a transaction of its own.

## What proves it
The locks are read from the engine.

## Source
PostgreSQL manual, "ALTER TABLE", on ADD FOREIGN KEY and SHARE ROW EXCLUSIVE; "Explicit Locking".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.locks import Lock
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import plural
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, blocks, lock_evidence, lock_on
from dbspecialist.rules.migration._constraints import added, catalogue_before, dropped_constraint
from dbspecialist.rules.migration._foreign_keys import together
from dbspecialist.rules.migration._tables import is_filled

TITLE = "Expect locks on the tables at the other end of foreign keys"
SEVERITY = "info"
ENGINES = ("postgresql",)

#: Further tables that a message names.
NAMED = 2


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each statement that locks tables because a foreign key leads to them."""
    many = {id(item) for found in together(trial, run) for item in found.statements}
    for statement in trial.statements:
        reasons = {**_made(trial, run, statement), **_dropped(trial, run, statement)}
        if id(statement) in many:  # add-foreign-keys-one-at-a-time
            reasons = _dropped(trial, run, statement)
        locks = [
            lock
            for relation in reasons
            if (lock := lock_on(statement, relation)) is not None
            and "writes" in lock.blocks
            and is_filled(trial, run, relation, statement)
        ]
        if locks:
            yield _finding(trial, statement, locks, reasons)


def _finding(
    trial: Trial, statement: StatementEffects, locks: list[Lock], reasons: dict[str, str]
) -> Finding:
    first = max(locks, key=lambda lock: len(lock.blocks))
    others = [lock for lock in locks if lock is not first]
    also = "".join(f", {lock.relation} by {reasons[lock.relation]}" for lock in others[:NAMED])
    if len(others) > NAMED:
        also += f", and {plural(len(others) - NAMED, 'more table')}"
    return finding(
        severity="info",
        message=(
            f"Table {first.relation} is locked by {reasons[first.relation]}{also}: "
            f"{'their' if others else 'its'} {blocks(first)} wait up to the end of the "
            f"transaction ({first.mode})"
        ),
        location=at(trial, statement),
        evidence=tuple(map(lock_evidence, (first, *others))),
        help="set a lock_timeout, and commit right after the statement",
        relation=first.relation,
    )


def _made(trial: Trial, run: Run, statement: StatementEffects) -> dict[str, str]:
    """Return the tables that new foreign keys of tables without rows lead to."""
    own = {
        item.referenced: f"the new foreign key {item.name} of {item.relation}"
        for item in added(trial, run, statement, "foreign key")
        if item.referenced != item.relation and not is_filled(trial, run, item.relation, statement)
    }
    return {**_inherited(trial, run, statement), **own}


def _inherited(trial: Trial, run: Run, statement: StatementEffects) -> dict[str, str]:
    """Return the tables that the foreign keys of a new partition's parent lead to."""
    if not any(tag == "CREATE TABLE" for tag, _, _ in statement.creates):
        return {}
    parents = {lock.relation for lock in statement.locks if lock.kind == "partitioned table"}
    return {
        key.attributes["referenced"]: f"the new partition of {key.parent}, which references it"
        for key in catalogue_before(trial, run).of_kind("constraint")
        if key.parent in parents and "referenced" in key.attributes
    }


def _dropped(trial: Trial, run: Run, statement: StatementEffects) -> dict[str, str]:
    """Return the tables that dropped foreign keys lead to, where they stay."""
    found = {}
    for key in catalogue_before(trial, run).of_kind("constraint"):
        other = key.attributes.get("referenced", "")
        name = key.name.removeprefix(f"{key.parent}.")
        gone = {f"table {key.parent}", dropped_constraint(key.parent, name)} & {*statement.drops}
        if gone and other != key.parent and f"table {other}" not in statement.drops:
            found[other] = f"dropping {_short(gone.pop())}, which references it"
    return found


def _short(dropped: str) -> str:
    return dropped.replace("table constraint", "foreign key").replace(" on ", " of ")
