"""Rows that a foreign key changes or deletes along start no triggers.

## What it does
Looks for foreign keys with CASCADE, SET NULL or SET DEFAULT whose table has triggers for what they
do, where the migration adds the key or the trigger.

## Why it matters
InnoDB carries cascades out below the server's layer of triggers. An audit table that a trigger
fills, or a counter that it keeps, misses every row that goes with its parent, and nothing says so.

## Example
    ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
    -- orders has a trigger AFTER DELETE

## Use instead
Delete the rows of orders in a statement of their own before those of users, under a foreign key
with ON DELETE RESTRICT, or do the trigger's work in one on users as well.

## What proves it
Key and trigger are read from information_schema when the migration has run on the twin. That no
trigger starts is shown by a test on the engine.

## Source
MySQL manual, "FOREIGN KEY Constraints": cascaded foreign key actions do not activate triggers.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.mysql.names import parts, plain
from dbspecialist.engines.mysql.tokens import meaningful
from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import seen

TITLE = "Expect no triggers from cascades"
SEVERITY = "warning"
ENGINES = ("mysql", "mariadb")

#: What a foreign key does by itself to rows of its table; deletions by CASCADE alone.
_CHANGES = frozenset({"CASCADE", "SET NULL", "SET DEFAULT"})

Pair = tuple[SchemaObject, SchemaObject]


def check(trial: Trial, _run: Run) -> Iterator[Finding]:
    """Yield a finding for each trigger that a cascade passes by."""
    known = set(_passed_by(trial.before))
    for key, (foreign, program) in _passed_by(trial.after).items():
        if key in known:
            continue
        yield finding(
            severity="warning",
            message=(
                f"Trigger {program.name} ({program.attributes['timing']} "
                f"{program.attributes['event']}) does not start for rows that foreign key "
                f"{foreign.name} changes or deletes along"
            ),
            location=trial.location(_statement(trial, foreign, program)),
            evidence=(
                seen(
                    f"{foreign.name} has ON DELETE {foreign.attributes['on_delete']}, "
                    f"ON UPDATE {foreign.attributes['on_update']}"
                ),
            ),
            help="change the rows of the table in statements of their own, before their parents",
            relation=foreign.parent,
        )


def _passed_by(catalogue: Catalogue) -> dict[tuple[str, str], Pair]:
    """Return the triggers that cascades pass by, with the foreign keys that cascade."""
    found = {}
    for foreign in catalogue.of_kind("constraint"):
        if foreign.attributes["kind"] == "foreign key":
            events = _events(foreign)
            for trigger in catalogue.parts_of(foreign.parent, "trigger"):
                if trigger.attributes["event"] in events:
                    found[foreign.name, trigger.name] = (foreign, trigger)
    return found


def _events(foreign: SchemaObject) -> set[str]:
    """Return what a foreign key does to rows of its own table."""
    found = set()
    if foreign.attributes["on_delete"] == "CASCADE":
        found.add("DELETE")
    elif foreign.attributes["on_delete"] in _CHANGES:
        found.add("UPDATE")
    if foreign.attributes["on_update"] in _CHANGES:
        found.add("UPDATE")
    return found


def _statement(
    trial: Trial, foreign: SchemaObject, trigger: SchemaObject
) -> StatementEffects | None:
    """Return the statement that brings the two together, as far as it can be told."""
    for item in trial.statements:
        adds_key = any(change.after == foreign for change in item.changes)
        if adds_key or (item.tags[0] == "CREATE TRIGGER" and _names(item.sql, trigger)):
            return item
    return None


def _names(sql: str, trigger: SchemaObject) -> bool:
    return parts(trigger.name)[-1] in {plain(item.text) for item in meaningful(sql)}
