"""DROP COLUMN is refused while anything else of the schema names the column.

## What it does
Looks for DROP COLUMN statements that SQLite refuses.

## Why it matters
SQLite drops no column that is a PRIMARY KEY or UNIQUE, or that an index, a CHECK, a foreign key, a
generated column, a trigger or a view names. The migration stops there; statements before it stay
done where no transaction is open.

## Example
    CREATE INDEX users_email ON users (email);

    ALTER TABLE users DROP COLUMN email;

## Use instead
    DROP INDEX users_email;
    ALTER TABLE users DROP COLUMN email;

A column that is a key, or that a constraint of the table names, needs the table to be made anew.

## What proves it
The statement is run on the twin.

## Source
SQLite manual, "ALTER TABLE", section 5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at

TITLE = "Free columns before dropping them"
SEVERITY = "error"
ENGINES = ("sqlite",)

_REFUSALS = re.compile(r"cannot drop (PRIMARY KEY|UNIQUE) column|error in \w+ .* after drop column")
_HOLDER = re.compile(r"error in (index|view|trigger) (\S+)")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each column that SQLite refuses to drop."""
    for statement in trial.statements:
        error = statement.error
        if error is None or not _REFUSALS.match(error.message):
            continue
        holder = _HOLDER.match(error.message)
        yield finding(
            severity="error",
            message=f"DROP COLUMN fails: {error.message}",
            location=at(trial, statement),
            evidence=(
                Proof("SQLite takes the statement", "refuted", f"{error.sqlstate} on the twin"),
            ),
            help=f"drop {holder[1]} {holder[2]} first"
            if holder
            else "make the table anew without it",
        )
