"""Between the drop of an index and the build of its successor, queries have neither.

## What it does
Looks for an index that is dropped before another with the same first key is built on the same
table, which production has rows in.

## Why it matters
While the new index is built, queries that used the old one read the whole table. In one transaction
it is worse: DROP INDEX holds ACCESS EXCLUSIVE for as long as the build takes.

## Example
    DROP INDEX CONCURRENTLY orders_user_id_idx;
    CREATE INDEX CONCURRENTLY orders_user_id_day_idx ON orders (user_id, day);

## Use instead
    CREATE INDEX CONCURRENTLY orders_user_id_day_idx ON orders (user_id, day);
    DROP INDEX CONCURRENTLY orders_user_id_idx;

and ALTER INDEX … RENAME where the name must stay.

## What proves it
The drop and the build, in this order, are read from the engine.

## Source
PostgreSQL manual, "CREATE INDEX" and "DROP INDEX", on CONCURRENTLY.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._constraints import catalogue_before
from dbspecialist.rules.migration._indexes import IndexParts, index_parts
from dbspecialist.rules.migration._tables import is_filled, rows_of

TITLE = "Build the new index before the old one is dropped"
SEVERITY = "info"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each index that is dropped before its successor is built."""
    for statement in trial.statements:
        for old in _dropped(trial, run, statement):
            new = _successor(trial, run, statement, old)
            if new is None or not is_filled(trial, run, old.table):
                continue
            rows = rows_of(trial, run, old.table)
            size = f"the {count(rows)} rows" if rows else "the rows"
            yield finding(
                severity="info",
                message=(
                    f"Index {old.name} is dropped before {new.name} is built: until then queries "
                    f"by {old.keys[0]} read {size} of {old.table}"
                ),
                location=at(trial, statement),
                evidence=(seen(f"drops {old.name}, and later builds {new.name}"),),
                help=f"build {new.name} first, under another name if need be",
                relation=old.table,
            )


def _dropped(trial: Trial, run: Run, statement: StatementEffects) -> Iterator[IndexParts]:
    before = catalogue_before(trial, run)
    for kind, _, name in (item.partition(" ") for item in statement.drops):
        index = before.get("index", name) if kind == "index" else None
        # No query uses an INVALID one.
        if index is None or index.attributes.get("valid") == "false":
            continue
        if "DROP INDEX" in statement.tags:
            yield index_parts(index)


def _successor(
    trial: Trial, run: Run, statement: StatementEffects, old: IndexParts
) -> IndexParts | None:
    """Return the index with the same first key that is built later in the run."""
    position = run.trials.index(trial)
    here = trial.statements[trial.place(statement) + 1 :]
    later = [(trial, item) for item in here]
    later += [(other, item) for other in run.trials[position + 1 :] for item in other.statements]
    for at_trial, item in later:
        for name, table in item.index_builds.items():
            index = at_trial.after.get("index", name) if table == old.table else None
            new = index_parts(index) if index else None
            if new and (new.keys[0], new.predicate) == (old.keys[0], old.predicate):
                return new
    return None
