"""What stands on what, read from pg_depend and named as the catalogue names it.

Columns are objects of their own here: a view stands on the columns that it reads, a column on its
type and on what its default calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbspecialist.engines.postgresql.catalogue.order import STAND_INS
from dbspecialist.engines.postgresql.catalogue.reader import (
    FIRST_OWN_OID,
    PG_CLASS,
    PG_EXTENSION,
    Address,
    Entry,
    Phase,
    Reader,
)
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.dependencies import Dependencies, Key

PG_PUBLICATION_REL = 6106

_RELATIONS = (
    *("table", "view", "materialized view", "foreign table", "composite type"),
    *("domain", "sequence"),
)


def read_dependencies(
    reader: Reader, entries: Iterable[Entry], catalogue: Catalogue
) -> Dependencies:
    """Read what each object of a catalogue needs.

    Args:
        reader: The session in which the catalogue was read.
        entries: What the catalogue was made of.
        catalogue: The catalogue.
    """
    places = Places(reader, list(entries))
    needs: dict[Key, set[Key]] = {}
    for one, other in (*places.edges(), *described(catalogue), *parts(catalogue)):
        if one != other:
            needs.setdefault(one, set()).add(other)
    return Dependencies({key: frozenset(needed) for key, needed in needs.items()})


class Places:
    """The objects by their addresses in pg_depend."""

    def __init__(self, reader: Reader, entries: list[Entry]) -> None:
        self._reader = reader
        self._entries = entries
        self._keys: dict[Address, Key] = {}
        for entry in entries:
            for one in (entry, *entry.parts):
                self._keys[one.address] = one.item.key
        for entry in entries:
            for alias in entry.aliases:
                self._keys.setdefault(alias, entry.item.key)
        self._rows = reader.rows(f"""
            select classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype
            from pg_depend
            where objid >= {FIRST_OWN_OID} and refobjid >= {FIRST_OWN_OID} and deptype <> 'e'""")
        self._stand_ins = {
            (row.classid, row.objid): (row.refclassid, row.refobjid, row.refobjsubid)
            for row in self._rows
            if row.classid in STAND_INS
            and row.deptype in "ai"
            and (row.classid, row.objid, 0) not in self._keys
        }

    def edges(self) -> Iterator[tuple[Key, Key]]:
        """Yield an object and one that it needs."""
        published: dict[int, list[Key]] = {}
        for row in self._rows:
            one = self._key((row.classid, row.objid, row.objsubid))
            other = self._key((row.refclassid, row.refobjid, row.refobjsubid))
            if row.classid == PG_PUBLICATION_REL and other:
                published.setdefault(row.objid, []).append(other)
            elif one and other and not _is_attachment(one, row.deptype):
                yield one, other
        for members in published.values():
            for key in members:
                if key[0] == "publication":
                    yield from ((key, member) for member in members)
        for entry in self._entries:
            yield from ((part.item.key, entry.item.key) for part in entry.parts)
            if entry.phase is Phase.PARTITION:
                for oid in entry.address[1:]:
                    yield entry.item.key, self._keys[PG_CLASS, oid, 0]

    def _key(self, address: Address) -> Key | None:
        """Name what stands at an address, or nothing for what is not in the catalogue."""
        while True:
            place = address[:2]
            found = self._keys.get(address) or self._keys.get((*place, 0))
            if found:
                return found
            oid = self._reader.members.get(place, place[1] if place[0] == PG_EXTENSION else None)
            if oid is not None:
                return "extension", self._reader.extensions.get(oid, "")
            if place not in self._stand_ins:
                return None
            address = self._stand_ins[place]


def _is_attachment(one: Key, deptype: str) -> bool:
    """Whether it says what an object hangs on, and not what it needs.

    So it is with a column's sequence and with the indexes of partitions, which can be there before.
    """
    return (one[0] == "sequence" and deptype == "a") or (
        one[0] in {"index", "constraint"} and deptype in "PS"
    )


def described(catalogue: Catalogue) -> Iterator[tuple[Key, Key]]:
    """Yield comments and grants with the objects that they are about."""
    labels = {f"{item.kind} {item.name}": item.key for item in catalogue.objects}
    for item in catalogue.of_kind("comment"):
        if item.name in labels:
            yield item.key, labels[item.name]
    for item in catalogue.of_kind("grant"):
        label = item.name.rpartition(" to ")[0]
        while label and label not in labels:  # a name may hold the word
            label = label.rpartition(" to ")[0]
        if label:
            yield item.key, labels[label]


def parts(catalogue: Catalogue) -> Iterator[tuple[Key, Key]]:
    """Yield parts with the relation, domain or column that they belong to."""
    relations = {item.name: item.key for item in catalogue.of_kind(*_RELATIONS)}
    for item in catalogue.objects:
        if item.kind not in {"comment", "grant", "partition"} and item.parent in relations:
            yield item.key, relations[item.parent]
