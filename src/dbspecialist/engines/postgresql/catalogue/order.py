"""The creation order: pg_depend decides, and phases where it leaves a choice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from heapq import heapify, heappop, heappush
from typing import Any

from dbspecialist.engines.postgresql.catalogue.reader import (
    FIRST_OWN_OID,
    PG_CLASS,
    PG_EXTENSION,
    PG_NAMESPACE,
    PG_PROC,
    PG_TYPE,
    Entry,
    Phase,
    Reader,
)

#: The extension that every database has from its template.
EVERYWHERE = "plpgsql"

PG_ATTRDEF, PG_REWRITE = 2604, 2618

#: Catalogues whose rows may stand for another object: a row type for its table, an array type
#: for its element, a default for its column, _RETURN for its view, a constructor for its range.
STAND_INS = {PG_TYPE, PG_ATTRDEF, PG_REWRITE, PG_PROC}

Place = tuple[int, int]


def ordered(reader: Reader, entries: list[Entry]) -> Iterator[Entry]:
    """Put the entries in creation order and name the extensions they need."""
    graph = Graph(reader, sorted(entries, key=lambda entry: (entry.phase, entry.item.name)))
    for number in graph.walk():
        entry, extension = graph.entries[number], graph.extension[number]
        mark(entry, extension)
        for part in entry.parts:
            mark(part, graph.of_column.get(part.address, "") if part.address[2] else extension)
        yield entry


def mark(entry: Entry, extension: str) -> None:
    """Set the extension an object needs; one that was read before may have needed another."""
    if extension != entry.item.extension:
        entry.item = replace(entry.item, extension=extension)


class Graph:
    """What must be there before what."""

    def __init__(self, reader: Reader, entries: list[Entry]) -> None:
        self.entries, self._reader = entries, reader
        self._numbers: dict[Place, int] = {}
        for number, entry in enumerate(entries):
            for address in (entry.address, *entry.aliases, *(p.address for p in entry.parts)):
                self._numbers[address[:2]] = number
        self.extension = [""] * len(entries)
        self.of_column: dict[tuple[int, int, int], str] = {}
        self.needs: list[set[int]] = [set() for _ in entries]
        self._read_edges()

    @cached_property
    def _rows(self) -> list[Any]:
        return self._reader.rows(f"""
            select classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype
            from pg_depend
            where objid >= {FIRST_OWN_OID} and refobjid >= {FIRST_OWN_OID}
              and refclassid <> {PG_NAMESPACE} and deptype <> 'e'""")

    @cached_property
    def _stand_ins(self) -> dict[Place, tuple[int, int, int]]:
        return {
            (one, oid): (other, needed, column)
            for one, oid, _, other, needed, column, kind in self._rows
            if one in STAND_INS and kind in "ai" and (one, oid) not in self._numbers
        }

    def _read_edges(self) -> None:
        numbers, stand_ins = self._numbers, self._stand_ins
        # Rows are unpacked at once: they are many, and their names are looked up one by one.
        for one, oid, part, other, needed, _, kind in self._rows:
            place: Place = (one, oid)
            column = (one, oid, part)
            while place not in numbers and place in stand_ins:
                column = stand_ins[place]
                place = column[:2]
            number = numbers.get(place)
            if number is not None and not self._is_ownership(number, kind):
                self._add(number, column, (other, needed))
        for number, entry in enumerate(self.entries):
            if entry.phase is Phase.PARTITION:
                self.needs[number] |= {numbers[PG_CLASS, oid] for oid in entry.address[1:]}

    def _is_ownership(self, number: int, kind: str) -> bool:
        """Whether a sequence points at the column that owns it: that column comes later."""
        return kind == "a" and self.entries[number].phase is Phase.SEQUENCE

    def _add(self, number: int, column: tuple[int, int, int], place: Place) -> None:
        """Note that an entry (in its column) needs what stands at a place."""
        while True:
            if place in self._numbers:
                self.needs[number].add(self._numbers[place])
                return
            oid = self._reader.members.get(place, place[1] if place[0] == PG_EXTENSION else None)
            name = self._reader.extensions.get(oid, "") if oid else ""
            if name and name != EVERYWHERE:
                self.extension[number] = self.extension[number] or name
                self.of_column.setdefault(column, name)
                return
            if place not in self._stand_ins:
                return
            place = self._stand_ins[place][:2]

    def walk(self) -> Iterator[int]:
        """Yield the entries' numbers in creation order, handing extensions on as it goes.

        A circle (a view that a function it calls reads) is cut at its earliest phase.
        """
        waiting = {number: needs - {number} for number, needs in enumerate(self.needs)}
        dependents: dict[int, list[int]] = {}
        for number, needs in waiting.items():
            for need in needs:
                dependents.setdefault(need, []).append(number)
        ready = [number for number, needs in waiting.items() if not needs]
        heapify(ready)
        while waiting:
            number = heappop(ready) if ready else min(waiting)
            if waiting.pop(number, None) is None:
                continue
            yield number
            for dependent in dependents.get(number, ()):
                self.extension[dependent] = self.extension[dependent] or self.extension[number]
                if dependent in waiting:
                    waiting[dependent].discard(number)
                    if not waiting[dependent]:
                        heappush(ready, dependent)
