"""What rules about TRUNCATE share: which tables it emptied, and which of them it names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.migration._columns import mentions
from dbspecialist.rules.migration._tables import family

_WORD = re.compile(r"\btruncate\b", re.IGNORECASE)


def emptied(trial: Trial, statement: StatementEffects, run: Run) -> Iterator[tuple[str, bool]]:
    """Yield the filled tables that a statement empties, and whether it names them.

    The engine gives an emptied table a new file, as it does a rewritten one; inside of a DO
    block only the text tells the two apart.
    """
    if "TRUNCATE TABLE" not in statement.tags and not _WORD.search(statement.sql):
        return
    replaced = [
        table
        for table, reason in statement.rewrites.items()
        if reason == "its storage is replaced" and not run.is_empty(table)
    ]
    heads = [
        item.name
        for item in trial.before.of_kind("table")
        if mentions(statement, item.name.rpartition(".")[2])
    ]
    named = {name for head in heads for name in family(trial.before, head)}
    whole = {_head(trial, table, named): None for table in replaced}
    for table in whole:
        yield table, table in named


def _head(trial: Trial, table: str, named: set[str]) -> str:
    """Return the named table that a partition belongs to, or the table itself."""
    found = trial.before.get("table", table)
    parent = found.attributes.get("partition_of", "") if found else ""
    return _head(trial, parent, named) if parent in named else table
