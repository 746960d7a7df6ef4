"""A table that is written anew in place needs its size again on disk, and as long on each replica.

## What it does
Looks for tables that production has rows in and that the engine writes anew with ALGORITHM=INPLACE
and LOCK=NONE: another primary key, NULL to NOT NULL, ROW_FORMAT, OPTIMIZE TABLE. Statements whose
clauses are cheaper apart are another rule's.

## Why it matters
Reads and writes go on. But what is written meanwhile is kept in a log, and where this grows beyond
innodb_online_alter_log_max_size (128 MiB) the statement fails at its end. A replica runs it after
the source has ended: it lags by as long, unless it applies transactions in parallel.

## Example
    ALTER TABLE orders MODIFY user_id BIGINT NOT NULL;

## Use instead
    gh-ost --database=shop --table=orders --alter="MODIFY user_id BIGINT NOT NULL" --execute

which watches the replicas' lag, or a quiet hour.

## What proves it
The statement is sent on the twin with each ALGORITHM and LOCK. That the table's storage is new is
read from InnoDB's dictionary. The time is an estimate.

## Source
MySQL manual, "Online DDL Space Requirements" and "Online DDL Failure Conditions".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count, duration
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import ESTIMATE, at, seen
from dbspecialist.rules.mysql._alters import alters, asked, online_change
from dbspecialist.rules.mysql.keep_instant_clauses_apart import check as apart

TITLE = "Expect rebuilt tables to take space and to lag replicas"
SEVERITY = "warning"
ENGINES = ("mysql", "mariadb")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that is written anew while writes go on."""
    other = {item.location for item in apart(trial, run)}
    for statement, lock in alters(trial, run):
        relation = lock.relation
        if statement.algorithm == "COPY" or relation not in statement.rewrites:
            continue
        if "writes" in lock.blocks or at(trial, statement) in other:
            continue
        work = statement.work_ms
        long = work is not None and work > run.max_blocked_ms
        figure = (
            f"about {duration(work)} at {count(run.rows(relation))} rows"
            if work is not None
            else "a time that depends on the table's size, which is not known"
        )
        yield finding(
            severity="warning" if long else "info",
            message=(
                f"{relation} is written anew while writes go on: {figure}, and as long again on "
                f"each replica (ALGORITHM={statement.algorithm}, {lock.mode})"
            ),
            location=at(trial, statement),
            evidence=(
                asked(statement),
                seen(f"the storage of {relation} is new"),
                Proof(f"it works for {figure}", "unchecked", ESTIMATE),
            ),
            help=online_change(trial, statement),
            relation=relation,
        )
