"""Syntax, functions and settings of a newer PostgreSQL fail on production's older one.

## What it does
Looks for what production's server does not know yet, where the snapshot is of an older major than
the twin: syntax and built-in functions in a statement's words (also in DO blocks and functions),
virtual columns, NOT NULL constraints without validation and the like in what it made, and settings.

## Why it matters
The twin is PostgreSQL 18 and takes it; the deployment stops at it. What was committed before stays.

## Example
    ALTER TABLE orders ADD CONSTRAINT paid NOT NULL paid_at NOT VALID;   -- production is 15

## Use instead
    ALTER TABLE orders ADD CONSTRAINT paid CHECK (paid_at IS NOT NULL) NOT VALID;

## What proves it
The tests of this rule run an example of each entry on servers of 14 to 18: every older major
refuses it with the SQLSTATE that is told, the one that brought it takes it. The statement at hand
was not sent to a server of production's major.

## Source
PostgreSQL release notes of 15, 16, 17 and 18.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.postgresql.majors import Novelty
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.migration._novelties import found_novelties, older_major

TITLE = "Keep to what production's PostgreSQL knows"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each thing in a statement that production's major refuses."""
    major = older_major(run)
    if major is None:
        return
    for statement, item, where in found_novelties(trial, major):
        yield _finding(trial, statement, item, where, major)


def _finding(
    trial: Trial, statement: StatementEffects, item: Novelty, where: str, major: int
) -> Finding:
    what = item.what[0].upper() + item.what[1:]
    older = f"14 to {item.major - 1} refuse" if item.major > 15 else "14 refuses"
    tried = f"{where} have it; " if where == "its words" else f"{where} has it; "
    tried += f"of real servers, {older} and {item.major} takes"
    tried += f" {item.example}" if item.example else " it"
    return finding(
        severity="error",
        message=(
            f"{what} fails on PostgreSQL {major} with {item.sqlstate}: "
            f"PostgreSQL {item.major} brought it"
        ),
        location=at(trial, statement),
        evidence=(Proof(f"PostgreSQL {major} takes the statement", "refuted", tried),),
        help=f"write it without, or upgrade production to {item.major} first",
        relation=next((lock.relation for lock in statement.locks), ""),
    )
