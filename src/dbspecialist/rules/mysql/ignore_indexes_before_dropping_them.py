"""An index that was needed after all comes back only by a build over the whole table.

## What it does
Looks for indexes that a statement drops from a table that production has rows in, where no index is
left that begins with the same columns and the index was not hidden from the optimiser before.

## Why it matters
DROP INDEX takes no time. Whether a query needed the index shows when it is gone, and to have it
back is a build over all rows. A hidden index is kept up to date and used by no plan; to show it
again takes no time.

## Example
    ALTER TABLE orders DROP INDEX recent;

## Use instead
    ALTER TABLE orders ALTER INDEX recent IGNORED;    -- MariaDB 10.6 and later
    ALTER TABLE orders ALTER INDEX recent INVISIBLE;  -- MySQL 8.0 and later

and DROP INDEX in a later migration, when no query has missed it.

## What proves it
The indexes are read from information_schema before and behind the statement on the twin; whether
one was hidden is read from the snapshot's SHOW CREATE TABLE.

## Source
MariaDB documentation, "Ignored Indexes"; MySQL manual, "Invisible Indexes".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.engines.mysql.names import parts, quoted
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.mysql._alters import alters, index_columns

TITLE = "Hide indexes from the optimiser before dropping them"
SEVERITY = "info"
ENGINES = ("mysql", "mariadb")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each index that nothing replaces."""
    for statement, lock in alters(trial, run):
        for item in statement.changes:
            index = item.before
            if index is None or item.after is not None or index.kind != "index":
                continue
            if not _columns_stay(trial, index) or _is_replaced(trial, index):
                continue
            if _was_hidden(run, index):
                continue
            word = "IGNORED" if run.engine == "mariadb" else "INVISIBLE"
            size = (
                f" over {count(run.rows(lock.relation))} rows" if run.knows(lock.relation) else ""
            )
            yield finding(
                severity="info",
                message=(
                    f"Index {index.name} on ({', '.join(index_columns(index))}) goes: "
                    f"to have it back is a build{size}"
                ),
                location=at(trial, statement),
                evidence=(
                    seen(f"no index of {lock.relation} begins with its columns any more"),
                    Proof("no query needs it", "unchecked", "plans of a twin have no rows"),
                ),
                help=f"ALTER TABLE … ALTER INDEX {parts(index.name)[-1]} {word} first",
                relation=lock.relation,
            )


def _columns_stay(trial: Trial, index: SchemaObject) -> bool:
    there = {parts(item.name)[-1] for item in trial.after.parts_of(index.parent, "column")}
    return there.issuperset(index_columns(index))


def _is_replaced(trial: Trial, index: SchemaObject) -> bool:
    wanted = index.attributes["columns"].split(", ")
    return any(
        item.attributes["columns"].split(", ")[: len(wanted)] == wanted
        for item in trial.after.parts_of(index.parent, "index")
    )


def _was_hidden(run: Run, index: SchemaObject) -> bool:
    """Tell whether production's optimiser does not see the index."""
    if run.snapshot is None:
        return False
    table = run.snapshot.catalogue.get("table", run.renamed.get(index.parent, index.parent))
    name = re.escape(quoted(parts(index.name)[-1]))
    return table is not None and bool(
        re.search(rf"KEY {name} .*\b(IGNORED|INVISIBLE)\b", table.create)
    )
