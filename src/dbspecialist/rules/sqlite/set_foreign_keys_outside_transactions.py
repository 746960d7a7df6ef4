"""`PRAGMA foreign_keys` within a transaction does nothing, and says nothing.

## What it does
Looks for `PRAGMA foreign_keys = …` statements after which the setting is what it was.

## Why it matters
The setting cannot change while a transaction is open; SQLite ignores the statement without an
error. A migration that a toolchain wraps in a transaction, or that says BEGIN first, goes on with
foreign keys enforced: a table that is made anew then takes the rows of its children along.

## Example
    BEGIN;
    PRAGMA foreign_keys = OFF;
    DROP TABLE users;

## Use instead
    PRAGMA foreign_keys = OFF;
    BEGIN;
    DROP TABLE users;

## What proves it
The setting is read before and after the statement.

## Source
SQLite manual, "PRAGMA foreign_keys".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.sqlite._frame import frame

TITLE = "Set foreign_keys outside of transactions"
SEVERITY = "error"
ENGINES = ("sqlite",)

#: The fix is run by tasks/fixing_sqlite.
fix = frame

_ASKS = re.compile(r"foreign_keys\s*[=(]\s*['\"]?(\w+)", re.IGNORECASE)
_ON = frozenset({"on", "true", "yes", "1"})


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each setting that did not come about."""
    for statement in trial.statements:
        wanted = _wanted(statement)
        after = statement.settings.get("foreign_keys after", "")
        if not wanted or not statement.in_transaction or wanted == after:
            continue
        yield finding(
            severity="error",
            message=(
                f"PRAGMA foreign_keys = {wanted} does nothing: a transaction is open, "
                f"and it stays {after}"
            ),
            location=at(trial, statement),
            evidence=(
                Proof(
                    f"foreign_keys is {wanted} after it",
                    "refuted",
                    f"read from SQLite on the twin: {after} before and after",
                ),
            ),
            help="write it before the transaction, in a migration that is not wrapped in one",
        )


def _wanted(statement: StatementEffects) -> str:
    if statement.tags[:1] != ("PRAGMA foreign_keys",):
        return ""
    found = _ASKS.search(statement.sql)
    return ("on" if found[1].lower() in _ON else "off") if found else ""
