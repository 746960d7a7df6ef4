"""A new foreign key copies the table while its writes wait.

## What it does
Looks for foreign keys that a statement adds to a table that production has rows in, and that the
engine can only add with ALGORITHM=COPY.

## Why it matters
With foreign_key_checks=1 the engine checks every row by copying the table under LOCK=SHARED: every
INSERT, UPDATE and DELETE waits, on the table and on the one that it refers to. With
foreign_key_checks=0 it changes the dictionary alone, and checks only the rows that are written from
then on.

## Example
    ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id);

## Use instead
    SET SESSION foreign_key_checks = 0;
    ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id), ALGORITHM=INPLACE;
    SET SESSION foreign_key_checks = 1;

once a query has shown that no row lacks its parent. An index on the columns is built before, by
itself.

## What proves it
The statement is sent on the twin with each ALGORITHM and LOCK; the engine refuses with its reason
until ALGORITHM=COPY.

## Source
MariaDB documentation, "InnoDB Online DDL Operations with the INPLACE Alter Algorithm"; MySQL
manual, "Online DDL Operations", foreign key operations.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.mysql.alter import read_alter
from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.mysql._alters import copied, copies, new_foreign_keys

TITLE = "Add foreign keys without a copy of the table"
SEVERITY = "error"
ENGINES = ("mysql", "mariadb")

_HELP = (
    "look for rows without a parent, then SET SESSION foreign_key_checks = 0 around "
    "ADD FOREIGN KEY …, ALGORITHM=INPLACE, LOCK=NONE"
)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that is copied for a foreign key."""
    for statement, _ in copies(trial, run):
        keys = new_foreign_keys(statement)
        if keys:
            parent = keys[0].attributes["references"]
            yield copied(
                f"Foreign key {keys[0].name}",
                trial,
                statement,
                run,
                whose="" if parent == keys[0].parent else f" of it and of {parent}",
                help_=_HELP,
            )


def fix(_trial: Trial, statement: StatementEffects, _run: Run) -> tuple[Phase, ...] | None:
    """Return the statement under foreign_key_checks=0, which changes the dictionary alone."""
    alter = read_alter(statement.sql)
    if alter is None or statement.settings.get("foreign_key_checks") != "1":
        return None
    up = (
        "SET SESSION foreign_key_checks = 0",
        alter.asking("INPLACE", "NONE"),
        "SET SESSION foreign_key_checks = 1",
    )
    title = "add the foreign key without a look at the rows that are there"
    when = "a query has shown that each row has its parent"
    return (Phase(title, up, transactional=False, when=when),)
