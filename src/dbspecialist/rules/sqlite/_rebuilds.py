"""What the rules of SQLite share: tables that a migration makes anew, and words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count

ENGINES = ("sqlite",)


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A table that is there before and after a migration and was dropped in between.

    Args:
        table: Its name, `main.orders`.
        drop: The statement that dropped the old table.
        rename: The statement that gave a table its name, or nothing where it was made under it.
        before: The table before.
        after: The table after.
    """

    table: str
    drop: StatementEffects
    rename: StatementEffects | None
    before: SchemaObject
    after: SchemaObject

    @property
    def last(self) -> StatementEffects:
        """The statement after which the new table has its name."""
        return self.rename or self.drop


def rebuilds(trial: Trial) -> Iterator[Rebuild]:
    """Yield the tables that a migration makes anew."""
    for table in trial.before.of_kind("table"):
        after = trial.after.get("table", table.name)
        drop = _drop(trial, table.name)
        if after is not None and drop is not None:
            renamed = (item for item in trial.statements if table.name in item.renames.values())
            yield Rebuild(table.name, drop, next(renamed, None), table, after)


def _drop(trial: Trial, table: str) -> StatementEffects | None:
    """Return the statement that drops the table that had a name before the migration."""
    name = table
    for statement in trial.statements:
        name = statement.renames.get(name, name)
        if f"table {name}" in statement.drops:
            return statement
    return None


def columns(catalogue: Catalogue, table: str) -> dict[str, SchemaObject]:
    """Return a table's columns by their own names."""
    found = catalogue.parts_of(table, "column")
    return {item.name.removeprefix(f"{table}."): item for item in found}


def rows_of(run: Run, table: str) -> str:
    """Say how many rows a table has in production: " (2 million rows)", or ""."""
    name = run.renamed.get(table, table)
    known = run.snapshot.relation.get(name) if run.snapshot else None
    return f" ({count(max(known.tuples, 0) * run.scale)} rows)" if known else ""


def plain(name: str) -> str:
    """Return a name without the schema."""
    return name.removeprefix("main.")
