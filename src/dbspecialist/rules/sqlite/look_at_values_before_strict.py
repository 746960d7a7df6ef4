"""A STRICT table refuses values of another type that the old table held.

## What it does
Looks for copies of rows that a STRICT table refuses.

## Why it matters
An ordinary table keeps any value in any column: text in an INTEGER column stays text. The INSERT …
SELECT into a STRICT table stops at the first such value, and on a database without one, as in
tests, it goes through.

## Example
    CREATE TABLE new_items (id INTEGER PRIMARY KEY, amount INTEGER) STRICT;
    INSERT INTO new_items SELECT * FROM items;

## Use instead
First see what there is:

    SELECT id, amount FROM items WHERE typeof(amount) NOT IN ('integer', 'null');

## What proves it
The statement is run on a file whose made-up rows hold text in columns that take it.

## Source
SQLite manual, "STRICT Tables".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at

TITLE = "Look at values before STRICT"
SEVERITY = "warning"
ENGINES = ("sqlite",)

_REFUSED = re.compile(r"cannot store (\w+) value in (\w+) column (\S+)")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each copy that a STRICT table refuses."""
    for item in trial.rows_errors:
        found = _REFUSED.match(item.error.message)
        if found is None:
            continue
        yield finding(
            severity="warning",
            message=(
                f"{found[3]} is {found[2]} of a STRICT table: a {found[1]} value stops the copy"
            ),
            location=at(trial, trial.statements[item.index]),
            evidence=(
                Proof(
                    "the copy takes every row",
                    "refuted",
                    f"{item.error.message}, on the twin's made-up rows",
                ),
            ),
            help=f"ask for rows of another typeof({found[3].rpartition('.')[2]}) first",
            relation=f"main.{found[3].rpartition('.')[0]}",
        )
