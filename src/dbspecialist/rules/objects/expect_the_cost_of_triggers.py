"""A new row trigger runs for every row that is written from then on.

## What it does
Looks for row triggers that a migration adds to a table that production has rows in.

## Why it matters
Creating it takes SHARE ROW EXCLUSIVE, which blocks writes for a moment; after that each INSERT,
UPDATE or DELETE calls the function once a row, also for backfills and bulk loads.

## Example
    CREATE TRIGGER audit AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION audit();

## Use instead
    CREATE TRIGGER audit AFTER UPDATE ON orders
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION audit();

## What proves it
The lock and the new trigger are read from the engine.

## Source
PostgreSQL manual, "CREATE TRIGGER".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, lock_evidence, lock_on, seen

TITLE = "Weigh the cost of row triggers"
SEVERITY = "info"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each row trigger on a filled table."""
    for statement in trial.statements:
        for tag, kind, name in statement.creates:
            if tag != "CREATE TRIGGER" or kind != "trigger":
                continue
            relation = name.rpartition(" on ")[2]
            lock = lock_on(statement, relation)
            if (
                lock is None
                or run.at(statement).is_empty(relation)
                or not _is_for_each_row(trial, name)
            ):
                continue
            yield finding(
                severity="info",
                message=f"Trigger {name} runs once for each row that is written ({lock.mode})",
                location=at(trial, statement),
                evidence=(lock_evidence(lock), seen(f"{name} is created")),
                help="FOR EACH STATEMENT with a transition table, where it can be",
                relation=relation,
            )


def _is_for_each_row(trial: Trial, name: str) -> bool:
    trigger, _, relation = name.rpartition(" on ")
    found = trial.after.get("trigger", f"{relation}.{trigger}")
    return found is not None and " FOR EACH ROW " in found.attributes.get("definition", "")
