"""A full-text or spatial index stops writes while it is built.

## What it does
Looks for ALTER TABLE and CREATE INDEX on tables that production has rows in that the engine carries
out in place, but not with LOCK=NONE.

## Why it matters
Under LOCK=SHARED every INSERT, UPDATE and DELETE waits until the index is built. The first
full-text index of a table besides writes the whole table anew, for a hidden column FTS_DOC_ID.

## Example
    CREATE FULLTEXT INDEX note_words ON orders (note);

## Use instead
    gh-ost --database=shop --table=orders --alter="ADD FULLTEXT note_words (note)" --execute

or a quiet hour, with a short lock_wait_timeout.

## What proves it
The statement is sent on the twin with each ALGORITHM and LOCK; the engine refuses LOCK=NONE with
its reason.

## Source
MySQL manual, "Online DDL Limitations"; MariaDB documentation, "InnoDB Online DDL Operations with
the INPLACE Alter Algorithm".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import (
    at,
    blocked_for,
    blocks,
    by_blocked_time,
    lock_evidence,
    time_evidence,
)
from dbspecialist.rules.mysql._alters import alters, asked, online_change

TITLE = "Build full-text and spatial indexes in quiet hours"
SEVERITY = "error"
ENGINES = ("mysql", "mariadb")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each change in place that stops writes."""
    for statement, lock in alters(trial, run):
        if statement.algorithm in {"COPY", "INSTANT"} or "writes" not in lock.blocks:
            continue
        relation = lock.relation
        why = f"; {statement.reason}" if statement.reason else ""
        yield finding(
            severity=by_blocked_time(statement, relation, run),
            message=(
                f"The change of {relation} in place stops {blocks(lock)} "
                f"{blocked_for(statement, relation, run)} "
                f"(ALGORITHM={statement.algorithm}, {lock.mode}{why})"
            ),
            location=at(trial, statement),
            evidence=(
                asked(statement),
                lock_evidence(lock),
                time_evidence(statement, relation, run),
            ),
            help=online_change(trial, statement),
            relation=relation,
        )
