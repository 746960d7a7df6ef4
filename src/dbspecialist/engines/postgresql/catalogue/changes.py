"""What has changed in a catalogue since it was last read over the same connection.

A version of a row is known by the transaction that wrote it and by its place (manual, "System
Columns": xmin, ctid); neither stands for another version as long as transaction numbers do not wrap
around. Rows that are overwritten in place hold statistics and hints, no text (PostgreSQL source,
`systable_inplace_update_begin`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

import psycopg

if TYPE_CHECKING:
    from dbspecialist.engines.postgresql.catalogue.reader import Entry

#: Rows of a query by the relation, or domain, that they belong to.
ByRelation = dict[int, list[Any]]

#: Stands among the relations for all that text about any of them may name.
COMMON = 0

#: Stands for the families that few migrations touch.
RARE = 1

#: When rows are what they were, where neither of the two has changed: "never" may be so, "none" if
#: there were none, since text in them names what may have changed, or "all" of them.
Same = Literal["never", "none", "all"]


@cache
def versions_query() -> str:
    """Return the query that tells a number for each relation."""
    return (resources.files(__package__) / "versions.sql").read_text()


@dataclass(slots=True)
class Memory:
    """What one reading leaves for the next.

    Args:
        schemas: Which schemas were read.
        asked: The queries that were asked, but those whose rows are kept.
        versions: A number for each relation, or nothing.
        names: Schema and name of each relation that was read.
        members: What came with extensions.
        answers: By query, its rows, where they are the same as long as nothing in common changes.
        rows: By query, the rows of each relation.
        entries: By kind and relation, what was made, after what it was made of.
    """

    schemas: frozenset[str] | None = None
    asked: list[str] = field(default_factory=list)
    versions: dict[int, int] = field(default_factory=dict)
    names: dict[int, tuple[int, str]] = field(default_factory=dict)
    members: dict[tuple[int, int], int] = field(default_factory=dict)
    answers: dict[str, list[Any]] = field(default_factory=dict)
    rows: dict[str, ByRelation] = field(default_factory=dict)
    entries: dict[tuple[str, int], tuple[Any, list[Entry]]] = field(default_factory=dict)


#: What is known of connections that were read before.
memories: WeakKeyDictionary[psycopg.Connection[Any], Memory] = WeakKeyDictionary()


def memory_of(connection: psycopg.Connection[Any], schemas: frozenset[str] | None) -> Memory:
    """Return what the last reading of these schemas over a connection has left, if anything."""
    found = memories.get(connection)
    return found if found is not None and found.schemas == schemas else Memory(schemas)


class NamesChangedError(Exception):
    """A column has another name, which may stand in the text about other relations."""


def is_same_in_common(before: Memory, now: Memory) -> bool:
    """Tell whether what belongs to no relation alone is what it was."""
    old, new = before.versions, now.versions
    return bool(old) and all(old.get(key) == new.get(key) for key in (COMMON, RARE))


def changed_relations(before: Memory, now: Memory) -> frozenset[int] | None:
    """Return the relations with other rows than before, or nothing where any text may be other.

    What is new or gone is among them.
    """
    old, new = before.versions, now.versions
    if not old or old.get(COMMON) != new.get(COMMON) or before.members != now.members:
        return None
    if any(before.names.get(relation, name) != name for relation, name in now.names.items()):
        return None
    keys = old.keys() | new.keys()
    return frozenset(key for key in keys if key != RARE and old.get(key) != new.get(key))


def merged(before: ByRelation, changed: frozenset[int], rows: Iterable[Any]) -> ByRelation:
    """Put the rows of changed relations in the place of what these had before.

    Raises:
        NamesChangedError: Where a column has another name.
    """
    fresh = by_relation(rows)
    for relation, found in fresh.items():
        if before.get(relation) and hasattr(found[0], "attname"):
            names = {row.number: row.attname for row in before[relation]}
            if any(names.get(row.number, row.attname) != row.attname for row in found):
                raise NamesChangedError
    kept = {key: found for key, found in before.items() if key not in changed}
    return dict(sorted((kept | fresh).items()))


def by_relation(rows: Iterable[Any]) -> ByRelation:
    """Part rows by the relation, or the domain, that they belong to."""
    found: ByRelation = {}
    for row in rows:
        found.setdefault(row.relation or row.domain, []).append(row)
    return found
