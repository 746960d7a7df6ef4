"""Work: how long a statement would keep one backend busy at production size."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from dbspecialist.facts.effects import ConstraintChange, StatementEffects
from dbspecialist.proofs.rates import Rates

#: The columns of a foreign key, in the engine's canonical text.
_KEY_COLUMNS = re.compile(r"FOREIGN KEY \((.+?)\) REFERENCES")

#: What a change to the catalogue alone takes, in milliseconds.
CATALOGUE_MS = 1.0

#: What the twin takes longer for counts as it is: a query of an empty table takes as much only
#: where it sleeps, or where the machine is very busy.
SLOW_MS = 500.0

#: Statements that run what a migration's author wrote rather than what the engine does.
_RUN_CODE = frozenset({"SELECT", "DO", "CALL", "INSERT", "UPDATE", "DELETE", "MERGE"})


def work_ms(
    statement: StatementEffects,
    *,
    rows: Callable[[str], float],
    size: Callable[[str], float],
    rates: Rates,
    looked_up: float = 0.0,
    index_rate: Callable[[str], float] | None = None,
) -> float:
    """Estimate how long a statement works at production size, in milliseconds.

    An index over NULLs is counted as any other: over 2 million of them it took 0.36 s of a
    processor, over values in order 0.42 s, which is what the rate is of.

    Args:
        statement: What it does.
        rows: Production's rows of a relation.
        size: Production's bytes of a relation with TOAST, without indexes.
        rates: This machine's rates.
        looked_up: Rows that are looked up for a foreign key.
        index_rate: Rows a second by the index that is built; without it, those of a B-tree.
    """
    # Rows that are changed count as such, which their reading is little beside.
    queried = [item for item in statement.queried if item not in statement.rows_modified]
    if "TRUNCATE TABLE" in statement.tags:  # makes empty files, whatever the old ones hold
        return CATALOGUE_MS
    built = list(statement.index_builds.values())
    # A build reads its table, and a rewrite too: they are not counted twice.
    read = [item for item in statement.scans if item not in statement.rewrites]
    read = [*(item for item in read if item not in built), *queried]
    seconds = sum(size(item) / rates.rewrite_bytes for item in statement.rewrites)
    for index, table in statement.index_builds.items():
        if rows(table):  # nothing is measured for a table without rows
            seconds += rows(table) / (index_rate(index) if index_rate else rates.index_rows)
    seconds += sum(size(item) / rates.scan_bytes for item in read)
    seconds += looked_up / rates.check_rows
    seconds += sum(statement.rows_modified.values()) / rates.modify_rows
    return CATALOGUE_MS + seconds * 1000


def taken_ms(statement: StatementEffects) -> float:
    """Return how long a statement took on the twin, where that is not the machine's noise."""
    runs_code = any(tag.partition(" ")[0] in _RUN_CODE for tag in statement.tags)
    return statement.elapsed_ms if runs_code and statement.elapsed_ms > SLOW_MS else 0.0


def checked_keys(statement: StatementEffects) -> Iterator[ConstraintChange]:
    """Yield the foreign keys whose rows a statement looks up."""
    for item in statement.constraints:
        if item.kind == "foreign key" and item.valid and statement.scans:
            yield item


def rows_looked_up(
    statement: StatementEffects,
    key: ConstraintChange,
    rows: Callable[[str], float],
    values: Callable[[StatementEffects, str, str], float],
) -> float:
    """Return how many rows are looked up for a foreign key: none that holds a NULL in it."""
    found = _KEY_COLUMNS.match(key.definition)
    columns = found[1].split(", ") if found else []
    shares = [values(statement, key.relation, name.removeprefix("PERIOD ")) for name in columns]
    return rows(key.relation) * min(shares, default=1.0)
