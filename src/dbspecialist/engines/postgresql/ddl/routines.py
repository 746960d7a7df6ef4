"""Functions and procedures (manual, "CREATE FUNCTION": what OR REPLACE may change)."""

from __future__ import annotations

from dbspecialist.engines.postgresql.ddl.context import Context
from dbspecialist.engines.postgresql.ddl.types import owner_changes
from dbspecialist.engines.postgresql.ddl.words import made
from dbspecialist.facts.catalogue import Difference


def alter(change: Difference, _: Context) -> list[str] | None:
    """Replace a routine, or return nothing where its arguments or its result differ."""
    assert change.before is not None and change.after is not None
    if set(change.changed) <= {"owner"}:
        return list(owner_changes(change))
    if change.before.kind == "aggregate" or "returns" in change.changed:
        return None
    old, new = (side.attributes["definition"] for side in (change.before, change.after))
    if head(old) != head(new):
        return None
    # pg_get_functiondef writes CREATE OR REPLACE.
    return [made(change.after)[0], *owner_changes(change)]


def head(definition: str) -> str:
    """Return a routine's name, arguments and result."""
    return definition.partition("\n LANGUAGE ")[0]
