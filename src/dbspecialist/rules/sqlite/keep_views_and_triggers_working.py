"""A view or trigger that no longer compiles fails only when it is used.

## What it does
Looks for views and triggers that compile before the migration and do not after it.

## Why it matters
DROP TABLE and, under `legacy_alter_table`, ALTER TABLE leave views and triggers alone that name
what is gone. A query of the view then fails, and with a trigger every INSERT, UPDATE or DELETE that
fires it. A later ALTER TABLE of any table fails as well, since it reads all of them.

## Example
    CREATE VIEW active AS SELECT id, email FROM users;

    DROP TABLE users;

## Use instead
    DROP VIEW active;
    DROP TABLE users;

## What proves it
Each view, and a statement that fires each trigger, is compiled before and after the migration.

## Source
SQLite manual, "ALTER TABLE", section 7, step 9, and "PRAGMA legacy_alter_table".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.sqlite._rebuilds import plain

TITLE = "Keep views and triggers working"
SEVERITY = "error"
ENGINES = ("sqlite",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each view and trigger that the migration breaks."""
    if any(item.error for item in trial.statements):
        return
    for item in trial.after.of_kind("view", "trigger"):
        error = item.attributes["error"]
        before = trial.before.get(item.kind, item.name)
        if not error or (before is not None and before.attributes["error"]):
            continue
        yield finding(
            severity="error",
            message=f"{item.kind.capitalize()} {plain(item.name)} no longer works: {error}",
            location=at(trial, _cause(trial, item)),
            evidence=(
                Proof(f"{plain(item.name)} compiles afterwards", "refuted", f"SQLite: {error}"),
            ),
            help=f"drop the {item.kind} first, and make it again for what is there then",
            relation=item.parent or item.name,
        )


def _cause(trial: Trial, broken: SchemaObject) -> StatementEffects:
    """Return the statement after which it did not compile, as far as that was seen."""
    for statement in trial.statements:
        for change in statement.changes:
            now = change.after
            if now and now.key == broken.key and now.attributes["error"]:
                return statement
    return trial.statements[-1]
