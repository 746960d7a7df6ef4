"""What a dropped constraint promised, no row has to keep any more.

## What it does
Looks for foreign keys, CHECK, UNIQUE and exclusion constraints that a statement drops from a table
that stays, and that nothing of the same kind on the same columns replaces when the run ends.

## Why it matters
From that moment rows are accepted that the constraint would have refused, and they are in the way
when it is added again. The way back of the migration fails on them.

## Example
    ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey;

## Use instead
Add the constraint's successor NOT VALID first, drop the old one, and validate the new one. Where
none follows, say why in the migration and excuse the line.

## What proves it
The engine lists what it dropped; the constraints are read from the catalogue the run ends in.

## Source
PostgreSQL manual, "Constraints"; "ALTER TABLE", on DROP CONSTRAINT.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.names import listed
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._constraints import dropped_constraint, last_catalogue
from dbspecialist.rules.migration._indexes import indexes_on
from dbspecialist.rules.migration._tables import is_filled

TITLE = "Replace the constraints that you drop"
SEVERITY = "info"
ENGINES = ("postgresql",)

_KINDS = frozenset({"foreign key", "check", "unique", "exclude"})


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each dropped constraint without a successor."""
    dropped = {name for statement in trial.statements for name in statement.drops}
    if not dropped:
        return
    end = last_catalogue(run)
    for key in trial.before.of_kind("constraint"):
        kind, name = key.attributes["type"], key.name.removeprefix(f"{key.parent}.")
        drop = dropped_constraint(key.parent, name)
        if kind not in _KINDS or drop not in dropped:
            continue
        if not is_filled(trial, run, key.parent) or _is_replaced(end, key):
            continue
        for statement in trial.statements:
            if drop not in statement.drops:
                continue
            yield finding(
                severity="info",
                message=(
                    f"Constraint {name} of {key.parent} is dropped: nothing enforces "
                    f"{key.attributes['definition']} any more"
                ),
                location=at(trial, statement),
                evidence=(seen(f"drops {name}, and no constraint takes its place"),),
                help="add its successor NOT VALID before it is dropped",
                relation=key.parent,
            )


def _is_replaced(end: Catalogue, key: SchemaObject) -> bool:
    """Tell whether something holds at the end what a constraint held, or holds it no more.

    With a column or the table goes what was said of it: other rules speak of that.
    """
    columns = listed(key.attributes.get("columns", ""))
    found = [end.get("column", f"{key.parent}.{column}") for column in columns if column]
    if end.get("table", key.parent) is None or None in found:
        return True
    if any(_says_the_same(item, key) for item in end.parts_of(key.parent, "constraint")):
        return True
    if key.attributes["type"] == "unique":
        indexes = [item for item in indexes_on(end, key.parent) if item.unique]
        return any(not item.predicate and set(item.columns) <= set(columns) for item in indexes)
    return _is_not_null_check(key) and all(
        item is not None and item.attributes["not_null"] == "true" for item in found
    )


def _says_the_same(item: SchemaObject, key: SchemaObject) -> bool:
    names = ("type", "columns", "referenced")
    return all(item.attributes.get(name) == key.attributes.get(name) for name in names)


def _is_not_null_check(key: SchemaObject) -> bool:
    return key.attributes.get("expression", "").endswith(" IS NOT NULL)")
