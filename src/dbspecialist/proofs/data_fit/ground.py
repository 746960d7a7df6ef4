"""What claims stand on: one migration, and the names and rows that production has before it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.data_fit import Claim, ClaimKind
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.trial import Run, Trial


def production_of(run: Run) -> Catalogue:
    """Return the catalogue that the run begins with."""
    if run.trials and run.trials[0].before.objects:
        return run.trials[0].before
    return run.snapshot.catalogue if run.snapshot else Catalogue()


def part(item: SchemaObject) -> str:
    """Return the name of a part without its relation's, quoted as the engine prints it."""
    return item.name.removeprefix(f"{item.parent}.")


def mentions(text: str, name: str) -> bool:
    """Tell whether a name stands in a text."""
    bare = re.escape(name.strip('"').replace('""', '"'))
    return re.search(rf"(?<![\w$]){bare}(?![\w$])", text, re.IGNORECASE) is not None


@dataclass(frozen=True)
class Ground:
    """One trial of a run."""

    run: Run
    trial: Trial

    @cached_property
    def production(self) -> Catalogue:
        """The catalogue that the run begins with."""
        return production_of(self.run)

    def name(self, relation: str) -> str:
        """Return a relation's name in production."""
        return self.run.renamed.get(relation, relation)

    def family(self, relation: str) -> list[str]:
        """Return a table and its partitions."""
        parts = self.trial.before.parts_of(relation, "partition")
        return [relation, *(name for item in parts for name in self.family(item.name))]

    def is_filled(self, relation: str) -> bool:
        """Tell whether a table was there before the migration and may have rows."""
        if self.trial.before.get("table", relation) is None:
            return False
        return any(not self.run.is_empty(name) for name in self._leaves(relation))

    def _leaves(self, relation: str) -> list[str]:
        parts = list(self.trial.before.parts_of(relation, "partition"))
        return [name for item in parts for name in self._leaves(item.name)] or [relation]

    def statement_about(self, relation: str, name: str) -> int | None:
        """Return the place of the statement that alters a relation and names a part of it.

        The engine reports ALTER TABLE by table: which of several statements meant a part is read
        from the text, and only that.
        """
        touching = [
            number
            for number, item in enumerate(self.trial.statements)
            if any(relation == made for _, _, made in item.creates)
        ]
        named = [number for number in touching if mentions(self.trial.statements[number].sql, name)]
        return next(iter(named or touching), None)

    def claim(
        self,
        kind: ClaimKind,
        text: str,
        item: SchemaObject,
        columns: Sequence[str],
        index: int | None,
        **more: Any,
    ) -> Claim:
        """Make a claim on a relation's rows; the query that a misfit stands for is written here."""
        reads = (item.parent, *more.pop("references", ()))
        obstacle = more.pop("obstacle", "") or self._obstacle(item.parent, columns, reads, index)
        table = self.name(item.parent)
        misfit = more.get("misfit", "")
        query = more.pop("query", "") or (misfit and self.row_query(table, columns, misfit))
        return Claim(
            kind=kind,
            text=text,
            object=item.name,
            relation=item.parent,
            columns=tuple(columns),
            query="" if obstacle else query,
            reads=tuple(self.name(name) for name in reads),
            obstacle=obstacle,
            revision=self.trial.migration.revision,
            index=index,
            **more,
        )

    def row_query(self, table: str, columns: Sequence[str], misfit: str) -> str:
        """Write the query for one row that a condition holds for, told by its primary key."""
        keys = [*self._key(table)] or ["ctid"]
        shown = ", ".join(f"{name}::text" for name in dict.fromkeys((*keys, *columns)))
        return f"SELECT {shown} FROM {table} WHERE {misfit} LIMIT 1"

    def _key(self, table: str) -> Iterator[str]:
        for item in self.production.parts_of(table, "constraint"):
            if item.attributes["type"] == "primary key":
                yield from item.attributes["columns"].split(", ")

    def _obstacle(
        self, relation: str, columns: Sequence[str], reads: Sequence[str], index: int | None
    ) -> str:
        for name in reads:
            if name in self.run.created:
                return f"{name} is made by this run"
            if self.name(name) not in self._tables:
                return f"{name} is not there before this run under that name"
            if self._is_changed_before(name, index):
                return f"this run changes rows of {name} before it"
        for column in columns:
            now = self.trial.before.get("column", f"{relation}.{column}")
            then = self.production.get("column", f"{self.name(relation)}.{column}")
            if now is None or then is None or _type(now) != _type(then):
                return f"{relation}.{column} is not there before this run with that type"
        return ""

    @cached_property
    def _tables(self) -> frozenset[str]:
        return frozenset(item.name for item in self.production.of_kind("table"))

    def _is_changed_before(self, relation: str, index: int | None) -> bool:
        family = set(self.family(relation))
        return any(_changes(item, family) for item in self._statements_before(index))

    def _statements_before(self, index: int | None) -> Iterator[StatementEffects]:
        for trial in self.run.trials:
            if trial.migration.revision == self.trial.migration.revision:
                yield from trial.statements[:index]
                return
            yield from trial.statements


def _changes(statement: StatementEffects, family: set[str]) -> bool:
    if family & set(statement.rows_modified):
        return True
    return "TRUNCATE TABLE" in statement.tags and bool(
        family & {lock.relation for lock in statement.locks}
    )


def _type(column: SchemaObject) -> str:
    return column.attributes["type"]
