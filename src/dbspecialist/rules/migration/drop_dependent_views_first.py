"""A column that a view uses cannot be dropped or get another type.

## What it does
Looks for statements that the engine refuses because views, rules, generated columns or other
objects depend on what they change.

## Why it matters
The migration stops there (2BP01, 0A000). CASCADE would let it pass and drop the views.

## Example
    ALTER TABLE users ALTER COLUMN name TYPE varchar(100);  -- the view people uses name

## Use instead
    DROP VIEW people;
    ALTER TABLE users ALTER COLUMN name TYPE varchar(100);
    CREATE VIEW people AS SELECT id, name FROM users;

in one transaction, with the view's owner and privileges given again.

## What proves it
The engine's refusal, with its list of what depends.

## Source
PostgreSQL manual, "Dependency Tracking"; "PostgreSQL Error Codes".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.effects import EngineError
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at

TITLE = "Drop dependent views before their columns change"
SEVERITY = "error"
ENGINES = ("postgresql",)

#: The engine's word for what depends, at the start of a line of its detail.
_DEPENDENT = re.compile(r"^(?:rule \S+ on )?(.+?) depends on", re.MULTILINE)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each statement that dependent objects make fail."""
    for statement in trial.statements:
        error = statement.error
        if error is None or not _is_dependency(error):
            continue
        dependents = _DEPENDENT.findall(error.detail)
        named = ", ".join(dict.fromkeys(dependents)) or "another object"
        verb = "depend" if len(set(dependents)) > 1 else "depends"
        yield finding(
            severity="error",
            message=f"The statement fails with {error.sqlstate}: {named} {verb} on what it changes",
            location=at(trial, statement),
            evidence=(Proof("the statement runs", "refuted", _told(error)),),
            help=f"drop {named} before it and create it again after it, in one transaction",
        )


def _is_dependency(error: EngineError) -> bool:
    # An index that serves a constraint is another rule's.
    needed = "because constraint " in error.message
    return (error.sqlstate == "2BP01" and not needed) or (
        error.sqlstate == "0A000" and "cannot alter type of a column used by" in error.message
    )


def _told(error: EngineError) -> str:
    return f"{error.message}: {error.detail}" if error.detail else error.message
