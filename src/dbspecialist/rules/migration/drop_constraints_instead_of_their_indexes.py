"""An index that serves a constraint cannot be dropped by itself.

## What it does
Looks for DROP INDEX statements that the engine refuses with SQLSTATE 2BP01 because a constraint
needs the index.

## Why it matters
The migration fails and the deployment stops.

## Example
    DROP INDEX users_email_key;

## Use instead
    ALTER TABLE users DROP CONSTRAINT users_email_key;

or, where a bloated index is the reason, REINDEX INDEX CONCURRENTLY users_email_key.

## What proves it
The engine's refusal on the twin.

## Source
PostgreSQL manual, "DROP INDEX" and "Dependency Tracking"; "PostgreSQL Error Codes", 2BP01
dependent_objects_still_exist.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.names import last
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._constraints import catalogue_before

TITLE = "Drop constraints instead of their indexes"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each index that is not dropped because a constraint needs it."""
    for statement in trial.statements:
        error = statement.error
        if error is None or error.sqlstate != "2BP01":
            continue
        key = _serving(trial, run, error.message)
        if key is None:
            continue
        name = key.name.removeprefix(f"{key.parent}.")
        yield finding(
            severity="error",
            message=f"The statement fails: {error.message} (SQLSTATE 2BP01)",
            location=at(trial, statement),
            evidence=(seen(f"refuses it: {error.message}"),),
            help=f"ALTER TABLE {key.parent} DROP CONSTRAINT {name}",
            relation=key.parent,
        )


def _serving(trial: Trial, run: Run, message: str) -> SchemaObject | None:
    """Return the constraint that the refusal names; the error carries no other trace of it."""
    for key in catalogue_before(trial, run).of_kind("constraint"):
        index = last(key.attributes.get("index", ""))
        if index and f"cannot drop index {index} because constraint" in message:
            return key
    return None
