"""Fill every table of a twin with a few rows that obey all its constraints."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.migration import VERSION_TABLES
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.twins.rows.filler import Filler
from dbspecialist.twins.rows.reading import read_structure
from dbspecialist.twins.rows.structure import Structure


@dataclass(frozen=True)
class Filled:
    """What was put into a twin.

    Args:
        counts: Rows by table that holds any, of those it held before at most 50; for a partitioned
            table the sum of its leaves, which are listed as well.
        left_empty: Why a table holds none.
        assumed: Nullable columns, as `relation.column`, without statistics: a NULL is among their
            rows where the constraints allow one, as nothing says whether production has any.
    """

    counts: Mapping[str, int]
    left_empty: Mapping[str, str]
    assumed: tuple[str, ...] = ()


def fill(
    connection: psycopg.Connection[Any],
    catalogue: Catalogue,
    snapshot: Snapshot | None,
    *,
    rows_per_table: int = 5,
    seed: int = 0,
    tables: Collection[str] | None = None,
    complete: bool = False,
    anew: Collection[str] = (),
) -> Filled:
    """Put a few rows drawn from the statistics into every table of a twin.

    Rows obey every constraint. Triggers do not fire (`session_replication_role = replica`);
    foreign keys hold by construction and are checked afterwards by a query. A table that holds
    rows keeps them and gets no more; toolchains' version tables stay as they are. The twin's
    files must not have been extended to production's size: tables are read from beginning to end.

    Args:
        connection: A superuser's, to the twin.
        catalogue: Tables it does not list stay as they are; an empty one stands for all.
        snapshot: Where the statistics come from; nothing: values by type, edge cases included.
        rows_per_table: How many rows a table gets; a partition gets its share and at least one.
        seed: The same seed gives the same rows in the same schema.
        tables: Fill these and those they refer to, and no other.
        complete: Give values as well to nullable columns that are NULL in all rows a table holds,
            as columns are that a migration has added.
        anew: Columns as `relation.column`, quoted as the catalogue does, whose one value in all
            rows is replaced when completing: a default has put it there.
    """
    structure = read_structure(connection)
    with unwatched(connection):
        filler = Filler(connection, structure, snapshot, rows_per_table, seed)
        filler.run(_selected(structure, catalogue, snapshot, tables), complete=complete, anew=anew)
        left_empty = filler.left_empty | {
            item.name: "a foreign table holds no rows of its own"
            for item in catalogue.of_kind("foreign table")
        }
        return Filled(filler.counts(), dict(sorted(left_empty.items())), tuple(filler.assumed))


@contextmanager
def unwatched(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Switch triggers off, plan for few rows, and write values as snapshots do, until the end."""
    settings = {
        "session_replication_role": "replica",
        "jit": "off",
        "max_parallel_workers_per_gather": "0",
        # Hashes are made as large as production's tables would need, and stay almost empty.
        "enable_hashjoin": "off",
        "datestyle": "ISO, YMD",
        "intervalstyle": "postgres",
        "timezone": "UTC",
    }
    with connection.transaction():
        query = "SELECT " + ", ".join(["current_setting(%s)"] * len(settings))
        before = connection.execute(query, list(settings)).fetchone() or ()
        change = "SELECT " + ", ".join(["set_config(%s, %s, true)"] * len(settings))
        connection.execute(change, [part for pair in settings.items() for part in pair])
        yield
        restored = zip(settings, before, strict=True)
        connection.execute(change, [part for pair in restored for part in pair])


def _selected(
    structure: Structure,
    catalogue: Catalogue,
    snapshot: Snapshot | None,
    tables: Collection[str] | None,
) -> list[str]:
    known = {item.name for item in catalogue.objects}
    versions = set(snapshot.revisions) if snapshot else set()
    names = [
        name
        for name in structure.tables
        if name not in versions
        and name.rpartition(".")[2].strip('"') not in VERSION_TABLES
        and (not known or name in known)
    ]
    if tables is None:
        return names
    wanted: set[str] = set()
    waiting = [name for relation in tables for name in structure.holders(relation)]
    while waiting:
        name = waiting.pop()
        if name in wanted or name not in structure.tables:
            continue
        wanted.add(name)
        for key in structure.tables[name].foreign_keys:
            waiting += structure.holders(key.target)
    return [name for name in names if name in wanted]
