"""A foreign key without an index makes each delete of a referenced row read the whole table.

## What it does
Looks for new foreign keys of tables that production has rows in, whose columns lead no index when
the run ends.

## Why it matters
The engine indexes the referenced columns, not the referencing ones. A DELETE or a key UPDATE of a
referenced row looks for rows that refer to it: without an index it reads the referencing table from
beginning to end, for each row, and joins along the key do so as well.

## Example
    ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users;

## Use instead
    CREATE INDEX CONCURRENTLY ON orders (user_id);

before the foreign key is added.

## What proves it
The indexes are read from the catalogue that the run ends in.

## Source
PostgreSQL manual, "Constraints", section "Foreign Keys": an index on the referencing columns is
often a good idea.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.postgresql.referring import is_served
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.names import listed
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._constraints import added, last_catalogue
from dbspecialist.rules.migration._tables import is_filled, rows_of

TITLE = "Index the columns of foreign keys"
SEVERITY = "info"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each new foreign key that no index serves."""
    end = last_catalogue(run)
    for statement in trial.statements:
        for change in added(trial, run, statement, "foreign key"):
            key = end.get("constraint", f"{change.relation}.{change.name}")
            if key is None or not is_filled(trial, run, change.relation, statement):
                continue
            columns = tuple(listed(key.attributes["columns"]))
            if is_served(end, change.relation, columns):
                continue
            rows = rows_of(trial, run, change.relation, statement)
            size = f"{count(rows)} rows of " if rows else ""
            yield finding(
                severity="info",
                message=(
                    f"Foreign key {change.name} of {change.relation} has no index on "
                    f"{', '.join(columns)}: each DELETE in {change.referenced} reads "
                    f"{size}{change.relation}"
                ),
                location=at(trial, statement),
                evidence=(seen(f"no index of {change.relation} begins with {', '.join(columns)}"),),
                help=f"CREATE INDEX CONCURRENTLY ON {change.relation} ({', '.join(columns)})",
                relation=change.relation,
            )
