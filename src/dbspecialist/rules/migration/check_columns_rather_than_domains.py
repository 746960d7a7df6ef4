"""A domain's constraint is tested in every table that uses the domain, while writes wait.

## What it does
Looks for ALTER DOMAIN statements that read tables which production has rows in.

## Why it matters
ADD CONSTRAINT, SET NOT NULL and VALIDATE CONSTRAINT on a domain take SHARE on every table with a
column of it and read each from beginning to end, one after the other; the locks of all are held to
the end. Unlike a table's, a domain's VALIDATE CONSTRAINT stops writes as well.

## Example
    ALTER DOMAIN amount ADD CONSTRAINT positive CHECK (VALUE > 0);

## Use instead
ALTER DOMAIN … ADD CONSTRAINT … NOT VALID, which reads nothing and binds new values; for the rows
that are there, a CHECK on each table, added NOT VALID and validated later.

## What proves it
The locks and the scans are read from the engine.

## Source
PostgreSQL manual, "ALTER DOMAIN", on NOT VALID and VALIDATE CONSTRAINT.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import Wait
from dbspecialist.rules.judging import blocking_locks

TITLE = "Check the columns of tables rather than all values of a domain"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that an ALTER DOMAIN reads while writes wait."""
    for statement in trial.statements:
        domain = next((name for tag, _, name in statement.creates if tag == "ALTER DOMAIN"), None)
        if domain is None:
            continue
        for lock in blocking_locks(statement, run):
            if lock.relation not in statement.scans:
                continue
            wait = Wait(trial, run, statement, lock.relation, lock)
            yield wait.finding(
                f"Domain {domain} is tested in {lock.relation}, whose {wait}",
                f"reads {lock.relation} from beginning to end",
                "NOT VALID on the domain, and a CHECK on the table that is validated later",
            )
