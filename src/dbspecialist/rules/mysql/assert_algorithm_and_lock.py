"""An ALTER TABLE that does not say how it may work copies the table where the engine must.

## What it does
Looks for statements that the engine carries out online on tables that production has rows in, and
that assert neither ALGORITHM nor LOCK.

## Why it matters
What is online on the twin need not be on production: a server of another version, a table with a
FULLTEXT index or of an older row format, an `alter_algorithm` that somebody has set. With the
assertion the statement is refused there, at once, where it would copy the table while writes wait.

## Example
    ALTER TABLE orders ADD INDEX (user_id);

## Use instead
    ALTER TABLE orders ALGORITHM=NOCOPY, LOCK=NONE, ADD INDEX (user_id);

(MySQL has no NOCOPY: ALGORITHM=INPLACE.)

## What proves it
The statement is sent on the twin with each ALGORITHM and LOCK, the cheapest first, until the engine
takes it; the fix is that statement, and is run before it is shown.

## Source
MariaDB documentation, "InnoDB Online DDL Overview"; MySQL manual, "Online DDL Operations".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.mysql.alter import read_alter
from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.mysql._alters import alters, asked
from dbspecialist.rules.mysql.keep_instant_clauses_apart import is_dearer_together

TITLE = "Assert ALGORITHM and LOCK"
SEVERITY = "info"
ENGINES = ("mysql", "mariadb")

#: Metadata locks under which writes go on, and the one that an instant change ends with.
_ONLINE = frozenset({"MDL_SHARED_UPGRADABLE"})


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each statement that is online and does not say so."""
    for statement, lock in alters(trial, run):
        alter = read_alter(statement.sql)
        if alter is None or alter.algorithm or alter.lock or is_dearer_together(statement):
            continue
        if lock.mode not in _ONLINE and statement.algorithm != "INSTANT":
            continue
        yield finding(
            severity="info",
            message=(
                f"{lock.relation} is changed with ALGORITHM={statement.algorithm}, LOCK=NONE, "
                "which the statement does not assert"
            ),
            location=at(trial, statement),
            evidence=(asked(statement),),
            help=f"write ALGORITHM={statement.algorithm}, LOCK=NONE",
            relation=lock.relation,
        )


def fix(_trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Return the statement with the algorithm that the engine took."""
    alter = read_alter(statement.sql)
    if alter is None:
        return None
    # MySQL takes LOCK=DEFAULT alone beside INSTANT.
    lock = "" if statement.algorithm == "INSTANT" and run.engine == "mysql" else "NONE"
    sql = alter.asking(statement.algorithm, lock)
    return (Phase(f"refuse all but {statement.algorithm}", (sql,), transactional=False),)
