"""What column rules share: the columns that a statement is about, and where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import ColumnChange, StatementEffects
from dbspecialist.facts.names import bare
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
    plain = bare(name)
    word = rf"{re.escape(plain)}|{re.escape(plain.replace(chr(34), chr(34) * 2))}"
    return re.search(rf"(?<![\w$])({word})(?![\w$])", statement.sql, re.IGNORECASE) is not None


def altered(statement: StatementEffects) -> set[str]:
    """Return the relations that a statement altered or made, as the engine names them."""
    return {name for _, _, name in statement.creates}


def statement_for(trial: Trial, column: SchemaObject) -> StatementEffects | None:
    """Return the first statement of a migration that adds, changes or names a column.

    The engine tells the columns that a statement writes; of others, whose type or sequence is
    changed, the text tells.
    """
    for item in trial.statements:
        if any(change.after and change.after.name == column.name for change in item.columns):
            return item
    touching = [item for item in trial.statements if column.parent in altered(item)]
    named = [item for item in touching if mentions(item, part(column))]
    return next(iter(named or touching), None)


@dataclass(frozen=True, slots=True)
class Altered:
    """A column that a statement adds or changes, in a table that was there before the migration.

    Args:
        statement: Which one.
        before: The column as it was; nothing where it is new.
        column: As it is when the statement has run.
        change: What the engine told.
    """

    statement: StatementEffects
    before: SchemaObject | None
    column: SchemaObject
    change: ColumnChange

    @property
    def origin(self) -> tuple[str, str] | None:
        """Its table's name and its own in production."""
        return self.change.origin


def altered_columns(trial: Trial) -> Iterator[Altered]:
    """Yield the columns that statements add to, or change in, tables that were there before.

    A table that the run filled and gave the name of one of production's is such a table.
    """
    made: set[int] = set()
    for statement in trial.statements:
        for change in statement.columns:
            if change.makes_table:
                made.add(change.id[0])
            if change.id[0] in made and not _stands_in(statement, change):
                continue
            if change.after is not None and is_own(change.after):
                yield Altered(statement, change.before, change.after, change)


def _stands_in(statement: StatementEffects, change: ColumnChange) -> bool:
    """Tell whether the table of a column has the name, and the place, of one of production's."""
    column = change.after or change.before
    return column is not None and not change.makes_table and column.parent not in statement.names


def is_own(column: SchemaObject) -> bool:
    """Tell whether a column belongs to its table and not to a parent's definition."""
    return column.attributes.get("local") != "false"


def added_columns(trial: Trial, relation: str = "") -> Iterator[Altered]:
    """Yield the columns that statements add to tables that were there before the migration."""
    for item in altered_columns(trial):
        if item.before is None and relation in {"", item.column.parent}:
            yield item


def changed_columns(trial: Trial, *attributes: str) -> Iterator[Altered]:
    """Yield the columns of which a statement changes one of the attributes."""
    for item in altered_columns(trial):
        if item.before is None:
            continue
        old, new = item.before.attributes, item.column.attributes
        if any(old.get(name) != new.get(name) for name in attributes):
            yield item


def renamed_columns(trial: Trial) -> Iterator[Altered]:
    """Yield the columns that statements rename."""
    for item in altered_columns(trial):
        if item.before is not None and item.before.name != item.column.name:
            yield item


def at_end(trial: Trial, item: Altered) -> SchemaObject | None:
    """Return a column as the migration leaves it; nothing where it drops it."""
    changes = [
        change
        for statement in trial.statements
        for change in statement.columns
        if change.id == item.change.id
    ]
    return changes[-1].after


def is_serial(column: SchemaObject) -> bool:
    """Tell whether a column numbers its rows: identity, or a default from a sequence."""
    return bool(
        column.attributes.get("identity")
        or column.attributes.get("default", "").startswith("nextval(")
    )


def statistics_of(
    run: Run, statement: StatementEffects | None, relation: str, column: str
) -> ColumnStatistics | None:
    """Return what the snapshot says of a column, by its names when a statement has run.

    Nothing where the run made the column.
    """
    return _statistics(run, run.state(statement).source(relation, column).origin)


def statistics_before(
    run: Run, statement: StatementEffects, relation: str, column: str
) -> ColumnStatistics | None:
    """Return what the snapshot says of a column, by its names before a statement."""
    return _statistics(run, run.state_before(statement).source(relation, column).origin)


def _statistics(run: Run, origin: tuple[str, str] | None) -> ColumnStatistics | None:
    if run.snapshot is None or origin is None:
        return None
    return run.snapshot.column.get((origin[0], bare(origin[1])))
