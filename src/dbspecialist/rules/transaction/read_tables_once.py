"""A subquery that runs for each row reads its whole table as often as there are rows.

## What it does
Looks for statements whose plan reads a table from beginning to end for each row of another: a
subquery in SET or SELECT, or a join whose inner side has no index.

## Why it matters
1,000 rows changed and 1 million rows read for each are 1 billion rows read. The rows that are
changed stay locked, and every lock of the transaction is held, until the last of them.

## Example
    UPDATE users SET orders = (SELECT count(*) FROM orders WHERE user_id = users.id);

## Use instead
    UPDATE users SET orders = counted.number
    FROM (SELECT user_id, count(*) AS number FROM orders GROUP BY user_id) AS counted
    WHERE counted.user_id = users.id;

or an index on what the subquery looks for, built before.

## What proves it
The plan that the engine makes with production's statistics. How often the table is read is the
planner's estimate, and the time follows from the table's size and the rate of a scan here.

## Source
PostgreSQL manual, "Using EXPLAIN", on SubPlan and Nested Loop.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count, duration
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at

TITLE = "Read a table once and not for each row of another"
SEVERITY = "error"
ENGINES = ("postgresql",)

#: Rows read in all below which it is not worth a word: a fraction of a second.
FEW = 1_000_000


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that a statement reads many times over."""
    for statement in trial.statements:
        there = run.at(statement)
        for relation, times in statement.rescans.items():
            rows = there.rows(relation)
            if statement.error or rows * times <= FEW:
                continue
            work = statement.work_ms or 0.0
            time = f", for about {duration(work)} in all" if work else ""
            yield finding(
                severity="error" if work > run.max_blocked_ms else "warning",
                message=(
                    f"Table {relation} is read about {count(times)} times in one statement, each "
                    f"time {count(rows)} rows{time}"
                ),
                location=at(trial, statement),
                evidence=(
                    Proof(
                        f"{relation} is read from beginning to end about {count(times)} times",
                        "unchecked",
                        "estimated by the engine's planner from production's statistics",
                    ),
                ),
                help="join it once, grouped by what is looked for, or build an index on that first",
                relation=relation,
            )
