"""A CHECK that calls a volatile function or the clock does not stay true of stored rows.

## What it does
Looks for new CHECK constraints whose expression calls a volatile function, or reads the time or the
user of the session.

## Why it matters
A CHECK is tested when a row is written and never again. Where its answer changes with the time, the
user or other tables, rows that passed may fail later: a dump does not load, VALIDATE CONSTRAINT and
any rewrite of the table fail.

## Example
    ALTER TABLE bookings ADD CHECK (starts_at > now());

## Use instead
A trigger, or a test in the application; for look-ups in other tables a foreign key.

## What proves it
The functions and their volatility are read from the constraint in the engine's catalogue.

## Source
PostgreSQL manual, "Constraints", section "Check Constraints": the conditions are assumed to be
immutable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.effects import ConstraintChange
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._constraints import added

TITLE = "Keep CHECK constraints immutable"
SEVERITY = "info"
ENGINES = ("postgresql",)

#: Words of the grammar that are no functions; pg_get_constraintdef writes them so.
_WORDS = re.compile(
    r"\b(CURRENT_(?:DATE|TIME|TIMESTAMP|USER|ROLE)|LOCALTIME(?:STAMP)?|SESSION_USER)\b"
)
#: Stable functions of the clock; other stable ones (`timestamptz + interval`) are in wide use.
_CLOCK = frozenset(
    {"now (stable)", "transaction_timestamp (stable)", "statement_timestamp (stable)"}
)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each new CHECK whose answer changes by itself."""
    for statement in trial.statements:
        for change in added(trial, run, statement, "check"):
            found = _changing(change)
            if not found:
                continue
            yield finding(
                severity="info",
                message=(
                    f"Constraint {change.name} of {change.relation} uses {', '.join(found)}: "
                    f"rows that pass it today may fail it later"
                ),
                location=at(trial, statement),
                evidence=(seen(f"stores {change.definition}, which uses {', '.join(found)}"),),
                help="test it in a trigger or in the application",
                relation=change.relation,
            )


def _changing(change: ConstraintChange) -> list[str]:
    volatile = [item for item in change.unstable if item.endswith("(volatile)") or item in _CLOCK]
    return [*volatile, *dict.fromkeys(_WORDS.findall(change.definition))]
