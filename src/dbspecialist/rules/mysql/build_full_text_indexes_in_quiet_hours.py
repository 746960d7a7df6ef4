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
from dbspecialist.rules.judging import (
    blocks,
)
from dbspecialist.rules.mysql._alters import alters, changed

TITLE = "Build full-text and spatial indexes in quiet hours"
SEVERITY = "error"
ENGINES = ("mysql", "mariadb")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each change in place that stops writes."""
    for statement, lock in alters(trial, run):
        if statement.algorithm in {"COPY", "INSTANT"} or "writes" not in lock.blocks:
            continue
        effect = f"The change of {lock.relation} in place stops {blocks(lock)}"
        yield changed(trial, statement, run, lock, effect, algorithm=statement.algorithm)
