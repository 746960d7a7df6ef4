"""An index whose keys lead another index serves no look-up that the other does not.

## What it does
Looks for new B-tree indexes that are equal to another of their table, or whose keys are the first
keys of another, and for new ones that make an older one so.

## Why it matters
Every INSERT and most UPDATEs write every index, VACUUM reads every index, and each takes memory. A
narrower index is smaller, so that a scan of it alone is cheaper; writes pay for that twice.

## Example
    CREATE INDEX ON orders (user_id);
    CREATE INDEX ON orders (user_id, created_at);

## Use instead
    CREATE INDEX ON orders (user_id, created_at);

## What proves it
Keys, predicates and operator classes are compared in the engine's own text of the definitions.

## Source
PostgreSQL manual, "Multicolumn Indexes": a B-tree is used with conditions on its leading columns.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import seen
from dbspecialist.rules.migration._constraints import last_catalogue
from dbspecialist.rules.migration._indexes import IndexParts, index_parts, indexes_on

TITLE = "Keep one of two indexes that serve the same look-ups"
SEVERITY = "info"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each new index that another makes superfluous, or the other way round."""
    end = last_catalogue(run)
    for item in trial.differences:
        if item.before is not None or item.object.kind != "index":
            continue
        new = index_parts(item.object)
        if end.get("index", new.name) is None:
            continue
        for spare, other in _pairs(trial, end, new):
            yield finding(
                severity="info",
                message=(
                    f"Index {spare.name} on {spare.table} ({', '.join(spare.keys)}) is led by "
                    f"{other.name} ({', '.join(other.keys)}): writes keep up both"
                ),
                location=trial.location(_statement(trial, new)),
                evidence=(seen(f"{other.name} begins with the keys of {spare.name}"),),
                help=f"keep {other.name} alone",
                relation=spare.table,
            )


def _pairs(
    trial: Trial, end: Catalogue, new: IndexParts
) -> Iterator[tuple[IndexParts, IndexParts]]:
    """Yield pairs of a spare index and the one that serves its look-ups, one of them new."""
    for other in indexes_on(end, new.table):
        if other.name == new.name:
            continue
        # One that a later migration makes is told there.
        if _serves(other, new) and trial.after.get("index", other.name) is not None:
            yield new, other
            return
        # Two new ones are told once, by the spare one.
        if _serves(new, other) and trial.before.get("index", other.name) is not None:
            yield other, new


def _serves(wide: IndexParts, narrow: IndexParts) -> bool:
    """Tell whether an index serves every look-up and every promise of another."""
    same = (wide.table, wide.predicate, wide.method) == (
        narrow.table,
        narrow.predicate,
        narrow.method,
    )
    if not same or narrow.constraint:
        return False
    if narrow.keys == wide.keys and narrow.rest == wide.rest:
        twin = narrow.unique == wide.unique and not wide.constraint
        return wide.name < narrow.name if twin else wide.unique
    leads = narrow.method == "btree" and wide.keys[: len(narrow.keys)] == narrow.keys
    return leads and not narrow.unique and not narrow.rest


def _statement(trial: Trial, new: IndexParts) -> StatementEffects | None:
    """Return the statement that made an index."""
    for statement in trial.statements:
        made = {name for _, kind, name in statement.creates if kind == "index"}
        keys = {change.index for change in statement.constraints}
        if new.name in {*made, *keys, *statement.index_builds}:
            return statement
    return None
