"""What is changed while foreign keys are off is not checked when they are on again.

## What it does
Looks for rows that refer to none after the migration, and for tables that are made anew without a
`PRAGMA foreign_key_check` behind it.

## Why it matters
`PRAGMA foreign_keys = ON` checks new changes alone. Rows that a migration leaves without the row
that they refer to stay, and come to light when somebody reads them, or when a later migration
copies them under enforced keys.

## Example
    PRAGMA foreign_keys = OFF;
    BEGIN;
    CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
    INSERT INTO new_users SELECT id, email FROM users WHERE email IS NOT NULL;
    DROP TABLE users;
    ALTER TABLE new_users RENAME TO users;
    COMMIT;

## Use instead
the same with `PRAGMA foreign_key_check` before COMMIT, whose rows say what refers to none.

## What proves it
`PRAGMA foreign_key_check` is asked on the twin, whose made-up rows all had what they refer to
before the migration.

## Source
SQLite manual, "PRAGMA foreign_key_check"; "ALTER TABLE", section 7, step 10.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.sqlite._frame import frame
from dbspecialist.rules.sqlite._rebuilds import Rebuild, plain, rebuilds

TITLE = "Check foreign keys after rebuilds"
SEVERITY = "error"
ENGINES = ("sqlite",)

#: The fix is run by tasks/fixing_sqlite.
fix = frame

_CHECK = "PRAGMA foreign_key_check"


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for rows that refer to none, or for rebuilds that nothing checks."""
    told = [
        (number, text)
        for number, texts in trial.rows_warnings.items()
        for text in texts
        if text.startswith("foreign_key_check: ")
    ]
    for number, text in told:
        yield finding(
            severity="error",
            message=f"Rows are left that refer to none: {text.partition(': ')[2]}",
            location=at(trial, trial.statements[number]),
            evidence=(
                Proof("every foreign key holds afterwards", "refuted", f"on made-up rows, {text}"),
            ),
            help="copy every row that is referred to, or mend the rows that refer to it",
        )
    if not told and not any(item.error for item in trial.statements):
        yield from _unchecked(trial)


def _unchecked(trial: Trial) -> Iterator[Finding]:
    asked = [n for n, item in enumerate(trial.statements) if item.tags == (_CHECK,)]
    for rebuild in rebuilds(trial):
        place = trial.place(rebuild.last)
        enforced = rebuild.drop.settings.get("foreign_keys") == "on"
        if enforced or not _is_referred_to(trial, rebuild) or any(n > place for n in asked):
            continue
        yield finding(
            severity="warning",
            message=(
                f"{plain(rebuild.table)} is made anew with foreign keys off, and nothing checks "
                "them afterwards"
            ),
            location=at(trial, rebuild.last),
            evidence=(
                Proof(
                    "every foreign key holds afterwards",
                    "unchecked",
                    "it does on made-up rows; production's are not known",
                ),
            ),
            help="write PRAGMA foreign_key_check behind it, and stop where it gives rows",
            relation=rebuild.table,
        )


def _is_referred_to(trial: Trial, rebuild: Rebuild) -> bool:
    return any(
        item.attributes.get("references") == rebuild.table
        or (item.parent == rebuild.table and item.attributes["kind"] == "foreign key")
        for item in trial.after.of_kind("constraint")
    )
