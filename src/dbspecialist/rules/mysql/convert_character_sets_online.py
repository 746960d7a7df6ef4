"""Another character set copies the table while its writes wait.

## What it does
Looks for columns whose character set or collation a statement changes on a table that production
has rows in, where the engine can only do it with ALGORITHM=COPY.

## Why it matters
Every row is written anew under LOCK=SHARED: every INSERT, UPDATE and DELETE waits. Another
collation of the same character set is cheaper in MariaDB, but for columns of the primary key: it
builds the indexes over the column anew, and where there is none changes the dictionary alone. Under
another collation values that differed can be equal, and a unique index then refuses them.

## Example
    ALTER TABLE users CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

## Use instead
    gh-ost --database=shop --table=users --alter="CONVERT TO CHARACTER SET utf8mb4" --execute

and the tables that are joined by these columns in the same release.

## What proves it
The statement is sent on the twin with each ALGORITHM and LOCK; what it changes is read from
information_schema.

## Source
MySQL manual, "Column Character Set Conversion"; MariaDB documentation, "InnoDB Online DDL
Overview".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.mysql._alters import copied, copies, new_foreign_keys, recoded

TITLE = "Convert character sets while writes go on"
SEVERITY = "error"
ENGINES = ("mysql", "mariadb")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that is copied for another character set or collation."""
    for statement, lock in copies(trial, run):
        changed = recoded(statement)
        if not changed or new_foreign_keys(statement):
            continue
        before, after = changed[0]
        old, new = before.attributes["collation"], after.attributes["collation"]
        number = f"{len(changed)} columns of {lock.relation}" if len(changed) > 1 else after.name
        yield copied(
            f"The change of {number} from {old} to {new}",
            trial,
            statement,
            run,
        )
