"""What column rules share: the columns that a statement is about, and where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.catalogue import Difference, SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.statistics import ColumnStatistics
from dbspecialist.facts.trial import Run, Trial


def part(item: SchemaObject) -> str:
    """Return the name of a part without its relation's, quoted as the engine prints it."""
    return item.name.removeprefix(f"{item.parent}.")


def mentions(statement: StatementEffects, name: str) -> bool:
    """Tell whether a name stands in a statement's text.

    The engine reports ALTER TABLE by table: which of several statements meant a column is read
    from the text, and only that.
    """
    bare = re.escape(name.strip('"').replace('""', '"'))
    return re.search(rf"(?<![\w$]){bare}(?![\w$])", statement.sql, re.IGNORECASE) is not None


def altered(statement: StatementEffects) -> set[str]:
    """Return the relations that a statement altered or made, as the engine names them."""
    return {name for _, _, name in statement.creates}


#: What statements say behind a column's name.
TYPE = r"(?:set\s+data\s+)?type"
SET_NOT_NULL = r"set\s+not\s+null"
DROP_NOT_NULL = r"drop\s+not\s+null"


def statement_for(trial: Trial, column: SchemaObject, action: str = "") -> StatementEffects | None:
    """Return the statement of a migration that is about a column.

    Several may be: the one that says `action` behind the column's name goes before others.
    """
    touching = [item for item in trial.statements if column.parent in altered(item)]
    named = [item for item in touching if mentions(item, part(column))]
    if action:
        bare = re.escape(part(column).strip('"').replace('""', '"'))
        says = re.compile(rf'(?<![\w$]){bare}"?\s+{action}(?![\w$])', re.IGNORECASE)
        named = [item for item in named if says.search(item.sql)] or named
    return next(iter(named or touching), None)


def is_old_table(trial: Trial, relation: str) -> bool:
    """Tell whether a table was there before a migration, under the same name."""
    return trial.before.get("table", relation) is not None


def is_own(column: SchemaObject) -> bool:
    """Tell whether a column belongs to its table and not to a parent's definition."""
    return column.attributes.get("local") != "false"


def added_columns(trial: Trial, relation: str = "") -> Iterator[SchemaObject]:
    """Yield the columns that a migration adds to tables that were there before it."""
    for item in trial.differences:
        column = item.after
        if item.before is None and column is not None and column.kind == "column":
            if relation and column.parent != relation:
                continue
            if is_own(column) and is_old_table(trial, column.parent):
                yield column


def changed_columns(trial: Trial, *attributes: str) -> Iterator[tuple[Difference, SchemaObject]]:
    """Yield the columns of which one of the attributes changes, with how they are after it."""
    for item in trial.differences:
        after = item.after
        if after is None or after.kind != "column" or not is_own(after):
            continue
        if set(attributes) & set(item.changed) and is_old_table(trial, after.parent):
            yield item, after


def is_serial(column: SchemaObject) -> bool:
    """Tell whether a column numbers its rows: identity, or a default from a sequence."""
    return bool(
        column.attributes.get("identity")
        or column.attributes.get("default", "").startswith("nextval(")
    )


def statistics_of(run: Run, relation: str, column: str) -> ColumnStatistics | None:
    """Return what the snapshot says of a column, by the name its table had in production."""
    if run.snapshot is None or relation in run.created:
        return None
    name = run.renamed.get(relation, relation)
    return run.snapshot.column.get((name, column.strip('"')))
