"""A timestamp without time zone does not say which moment it means.

## What it does
Looks for columns of type timestamp without time zone that new or old tables get, and still have
when the run ends.

## Why it matters
The value is whatever the session's clock showed. Sessions with other TimeZone settings read and
compare it wrongly, and one hour a year exists twice. timestamptz takes the same 8 bytes.

## Example
    ALTER TABLE users ADD COLUMN seen_at timestamp;

## Use instead
    ALTER TABLE users ADD COLUMN seen_at timestamptz;

## What proves it
The engine's catalogue after the migration.

## Source
PostgreSQL manual, "Date/Time Types".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._columns import is_own, part, statement_for

TITLE = "Prefer timestamptz to timestamp"
SEVERITY = "info"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each statement and table with such columns."""
    found: dict[tuple[int, str], tuple[StatementEffects, list[SchemaObject]]] = {}
    for column in _new(trial, run):
        statement = statement_for(trial, column)
        if statement is not None and _stays(column, statement, run):
            key = trial.place(statement), column.parent
            found.setdefault(key, (statement, []))[1].append(column)
    for (_, table), (statement, columns) in sorted(found.items(), key=lambda item: item[0]):
        names = ", ".join(part(item) for item in columns)
        several = len(columns) > 1
        yield finding(
            severity="info",
            message=(
                f"{'Columns' if several else 'Column'} {names} of {table} "
                f"{'hold' if several else 'holds'} timestamps without a time zone"
            ),
            location=at(trial, statement),
            evidence=tuple(seen(f"{item.name} is {item.attributes['type']}") for item in columns),
            help="timestamptz",
            relation=table,
        )


def _new(trial: Trial, run: Run) -> Iterator[SchemaObject]:
    for item in trial.differences:
        column = item.after
        if column is None or column.kind != "column" or not is_own(column):
            continue
        table = trial.after.get("table", column.parent)
        if table is None or table.name in run.renamed or "partition_of" in table.attributes:
            continue
        added = item.before is None or "type" in item.changed
        if added and _is_plain(column):
            yield column


def _stays(column: SchemaObject, statement: StatementEffects, run: Run) -> bool:
    """Tell whether the run ends with the column of that type, which it had under no other name."""
    items = [item for trial in run.trials for item in trial.statements]
    after = items[next(n for n, item in enumerate(items) if item is statement) + 1 :]
    made = [item for item in statement.columns if item.after and item.after.key == column.key]
    if any(item.before and _is_plain(item.before) for item in made):
        return False  # it is renamed here
    ids = {item.id for item in made}
    later = [change for item in after for change in item.columns if change.id in ids]
    if later:
        return later[-1].after is not None and _is_plain(later[-1].after)
    return not any(f"table {column.parent}" in item.drops for item in after)


def _is_plain(column: SchemaObject) -> bool:
    type_ = column.attributes["type"]
    return type_.startswith("timestamp") and type_.endswith("without time zone")
