"""The filling of one twin, table by table, with what later tables need of earlier ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle
from math import ceil
from random import Random
from typing import Any

import psycopg

from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.statistics import ColumnStatistics
from dbspecialist.twins.rows import completing, references
from dbspecialist.twins.rows.effort import EFFORTS, FIRST, Effort
from dbspecialist.twins.rows.existing import read_existing
from dbspecialist.twins.rows.inserting import insert
from dbspecialist.twins.rows.judging import Judge
from dbspecialist.twins.rows.numbers import Numbers
from dbspecialist.twins.rows.pools import Literal, Pool, Wanted, pool, risky
from dbspecialist.twins.rows.repair import satisfy
from dbspecialist.twins.rows.slots import (
    Row,
    Surroundings,
    UnreferencedError,
    assemble,
    build_slots,
    nullable,
)
from dbspecialist.twins.rows.structure import Column, ForeignKey, Structure, Table
from dbspecialist.twins.rows.text import plain

#: The SQLSTATE of a row that breaks a CHECK.
CHECK_VIOLATION = "23514"


@dataclass
class Filler:
    """Fills tables in the order of their references."""

    connection: psycopg.Connection[Any]
    structure: Structure
    snapshot: Snapshot | None
    rows_per_table: int
    seed: int
    stored: dict[str, list[dict[str, Literal]]] = field(default_factory=dict)
    reserved: dict[str, list[Row]] = field(default_factory=dict)
    postponed: list[tuple[str, ForeignKey]] = field(default_factory=list)
    left_empty: dict[str, str] = field(default_factory=dict)
    assumed: list[str] = field(default_factory=list)
    waiting: set[str] = field(default_factory=set)
    needed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: Numbers = field(init=False)

    def run(self, selected: Sequence[str], *, complete: bool, anew: Collection[str] = ()) -> None:
        """Fill those of the selected tables that hold no row yet, and complete the others."""
        self.needed = references.needed(self.structure)
        self.stored = read_existing(self.connection, self.structure, self.needed)
        names = [name for name in selected if name not in self.stored]
        held = [self.structure.tables[name] for name in selected if name in self.stored]
        self.waiting = set(names)
        self.numbers = Numbers(self.connection)
        self.numbers.draw((self.structure.tables[name], self._rows_wanted(name)) for name in names)
        for name in references.ordered(self.structure, names):
            self._fill(self.structure.tables[name])
            self.waiting.discard(name)
        if complete:
            self._complete(held, anew)
        rng = Random(self.seed)
        references.connect(self.connection, self.structure, self.postponed, self.stored, rng)
        removed = references.remove_dangling(self.connection, self.structure, names)
        for name, reason in removed.items():
            self._recount(name, reason)

    def _complete(self, tables: Sequence[Table], anew: Collection[str]) -> None:
        empty = completing.empty_columns(self.connection, tables, anew)
        for table in tables:
            columns = empty.get(table.name, ())
            late = completing.late_references(table, columns)
            self.postponed += [(table.name, key) for key in late if nullable(table, key)]
            rng = Random(f"{self.seed} {table.name}")
            completing.complete(self.connection, table, columns, self._draw, rng)

    def _draw(self, table: Table, column: Column, wanted: Wanted) -> Pool:
        made = pool(column, self._statistics(table, column.name), wanted)
        return self._valid(column, made, EFFORTS[1])

    def counts(self) -> dict[str, int]:
        """Return the rows of each table, and of partitioned tables over their leaves."""
        found = {name: len(rows) for name, rows in self.stored.items() if rows}
        for name, leaves in self.structure.leaves.items():
            total = sum(found.get(leaf, 0) for leaf in leaves)
            if total:
                found[name] = total
        return dict(sorted(found.items()))

    def _recount(self, name: str, reason: str) -> None:
        query = f"SELECT count(*) FROM ONLY {plain(name)}"
        (count,) = self.connection.execute(query.encode(), []).fetchone() or (0,)
        self.stored[name] = self.stored[name][:count]
        if not count:
            self.left_empty[name] = reason

    def _rows_wanted(self, name: str) -> int:
        leaves = self.structure.leaves.get(self.structure.tables[name].root, ())
        return max(1, ceil(self.rows_per_table / max(1, len(leaves))))

    def _fill(self, table: Table) -> None:
        rng = Random(f"{self.seed} {table.name}")
        count = self._rows_wanted(table.name)
        returned = self.needed.get(table.name, ())
        kept: list[dict[str, Literal]] = []
        reason = ""
        for number, effort in enumerate(EFFORTS):
            if effort.unjudged and kept:
                break
            wanted = Wanted(count - len(kept), number * count + self._shift(table), rng)
            try:
                rows = self._make(table, wanted, effort)
            except UnreferencedError as missing:
                reason = str(missing)
                break
            if not rows:
                reason = _unsatisfied(table)
                continue
            done = insert(self.connection, table, rows, returned)
            kept += done.rows
            if not done.refusal.startswith(CHECK_VIOLATION):
                reason = done.refusal or reason
            if len(kept) >= count:
                break
        self.stored[table.name] = kept
        if not kept:
            self.left_empty[table.name] = reason or _silence(table)
            return
        self.assumed += [
            f"{table.name}.{item.name}"
            for item in table.columns
            if not item.not_null
            and not item.generated
            and self._statistics(table, item.name) is None
        ]

    def _shift(self, table: Table) -> int:
        leaves = self.structure.leaves.get(table.root, ())
        return leaves.index(table.name) * self._rows_wanted(table.name) if leaves else 0

    def _make(self, table: Table, wanted: Wanted, effort: Effort) -> list[Row]:
        own, others = references.own_keys(table)
        around = Surroundings(
            lambda name: self._statistics(table, name, effort),
            lambda key: self._parents(table, key, wanted),
            self.reserved.pop(table.name, []),
            self.numbers.take(table, wanted.count),
            lambda column, made: self._valid(column, made, effort),
        )
        slots = build_slots(table, others, around, wanted)
        rows = assemble(slots, wanted.count)
        for key in own:
            pairs = list(zip(key.columns, key.target_columns, strict=True))
            for row in rows:
                row.update((name, row[part]) for name, part in pairs)
        if effort.unjudged:
            return rows
        return satisfy(table, slots, rows, Judge(self.connection, table), wanted.rng)

    def _statistics(
        self, table: Table, column: str, effort: Effort = FIRST
    ) -> ColumnStatistics | None:
        if self.snapshot is None or effort.by_type:
            return None
        known, quoted = self.snapshot.column, table.column[column].quoted
        return known.get((table.name, quoted)) or known.get((table.root, quoted))

    def _parents(
        self, table: Table, key: ForeignKey, wanted: Wanted
    ) -> Sequence[Mapping[str, Literal]] | None:
        """Return the rows that a key may refer to; nothing when it is to be set later."""
        holders = self.structure.holders(key.target)
        rows = [row for holder in holders for row in self.stored.get(holder, ())]
        rows = [row for row in rows if all(row[part] is not None for part in key.target_columns)]
        absent = [holder for holder in holders if holder in self.waiting]
        if rows or not absent:
            return rows
        if nullable(table, key):
            if (table.name, key) not in self.postponed:
                self.postponed.append((table.name, key))
            return None
        return self._reserve(self.structure.tables[absent[0]], key, wanted)

    def _reserve(self, target: Table, key: ForeignKey, wanted: Wanted) -> list[Row]:
        """Decide the key values of a table that is filled later, as a cycle demands."""
        rows = self.reserved.setdefault(target.name, [{} for _ in range(wanted.count)])
        drawn = self.numbers.take(target, len(rows))
        asked = Wanted(len(rows), 0, wanted.rng, distinct=True, key=True)
        for name in key.target_columns:
            column = replace(target.column[name], not_null=True)
            values = drawn.get(name) or pool(column, self._statistics(target, name), asked).ideal
            for row, value in zip(rows, values, strict=False):
                row.setdefault(name, value)
        return rows

    def _valid(self, column: Column, made: Pool, effort: Effort) -> Pool:
        """Keep the literals that the type's own input function reads (`pg_input_is_valid`)."""
        if not effort.doubting and not risky(column.type):
            return made
        texts = [text for text in made.options if text is not None]
        query = "SELECT v FROM unnest(%s::text[]) WITH ORDINALITY AS u(v, n)" + (
            " WHERE pg_input_is_valid(v, %s) ORDER BY n"
        )
        found = [text for (text,) in self.connection.execute(query, [texts, column.declared])]
        if not found:
            return made
        spare = cycle(found)
        ideal = [text if text is None or text in found else next(spare) for text in made.ideal]
        absent = [None] if None in made.options else []
        return Pool(tuple(ideal), (*found, *absent))


def _unsatisfied(table: Table) -> str:
    names = ", ".join(check.name for check in table.checks)
    return f"no row was found that satisfies {names}"


def _silence(table: Table) -> str:
    """Say why inserts that raised nothing may have left no row."""
    if table.keys:
        return "unique and exclusion indexes refused every row"
    return "inserts were accepted and left no row, as a trigger that fires ALWAYS can make them"
