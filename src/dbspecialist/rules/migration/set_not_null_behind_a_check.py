"""SET NOT NULL reads the whole table while no read and no write passes.

## What it does
Looks for columns that become NOT NULL by a statement that reads the table from beginning to end
under a lock that stops reads or writes.

## Why it matters
The engine looks for NULLs under ACCESS EXCLUSIVE. A valid CHECK (column IS NOT NULL) saves it
the look, and VALIDATE CONSTRAINT makes a CHECK valid under a lock that stops neither reads nor
writes.

## Example
    ALTER TABLE users ALTER COLUMN email SET NOT NULL;

## Use instead
    ALTER TABLE users ADD CONSTRAINT email_present CHECK (email IS NOT NULL) NOT VALID;
    ALTER TABLE users VALIDATE CONSTRAINT email_present;
    ALTER TABLE users ALTER COLUMN email SET NOT NULL;
    ALTER TABLE users DROP CONSTRAINT email_present;

each in a transaction of its own; from PostgreSQL 18 on, ADD CONSTRAINT … NOT NULL email
NOT VALID and VALIDATE CONSTRAINT do the same.

## What proves it
The lock and the scan are read from the engine; behind a valid CHECK it shows no scan. The fix
is run on the twin and must end in the same catalogue.

## Source
PostgreSQL manual, "ALTER TABLE", SET NOT NULL and "Notes".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import plural
from dbspecialist.rules.migration._columns import Altered, changed_columns, part
from dbspecialist.rules.migration._nulls import filling, judge_nulls
from dbspecialist.rules.migration._sequences import set_not_null, single_action
from dbspecialist.rules.migration._waits import wait_for_first

TITLE = "Set NOT NULL behind a validated check"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each column whose NOT NULL is checked while work waits."""
    for item in _set(trial):
        column, statement = item.column, item.statement
        read = set(statement.scans) - set(statement.rewrites)
        wait = wait_for_first(trial, run, statement, column.parent, read, named_by=statement)
        if wait is None:
            continue
        where = _places(trial, read, run, wait.table)
        yield wait.finding(
            f"Column {column.name} is searched for NULLs in {where}: {wait}",
            f"reads {wait.table} from beginning to end",
            "add a NOT VALID check, validate it, then SET NOT NULL, then drop the check",
        )


def _places(trial: Trial, read: Iterable[str], run: Run, table: str) -> str:
    kin = [name for name in read if run.root(name) == run.root(table)]
    if len(kin) == 1:
        return table
    tables = [item for item in trial.before.of_kind("table") if item.name in kin]
    inherit = any("inherits" in item.attributes for item in tables)
    return plural(len(kin), "table" if inherit else "partition")


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Put a check before it that is validated without stopping reads or writes."""
    found = [item for item in _set(trial) if item.statement is statement]
    if len(found) != 1 or not single_action(statement.sql):
        return None
    phases = set_not_null(found[0].column, run)
    judged = judge_nulls(trial, found[0], run)
    fails = judged is not None and judged[0] == "error"
    return (filling(found[0].column), *phases) if fails else phases


def _set(trial: Trial) -> Iterator[Altered]:
    """Yield the columns that become NOT NULL by themselves."""
    for item in changed_columns(trial, "not_null"):
        is_set = item.column.attributes["not_null"] != "false"
        if is_set and not _in_new_key(item):
            yield item


def _in_new_key(item: Altered) -> bool:
    """Tell whether a new primary key brings the NOT NULL along: another rule's."""
    return any(
        change.kind == "primary key"
        and change.added
        and change.relation == item.column.parent
        and part(item.column) in change.definition
        for change in item.statement.constraints
    )
