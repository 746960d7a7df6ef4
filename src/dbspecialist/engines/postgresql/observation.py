"""What a backend holds, as PostgreSQL tells it between two statements.

`install` puts event triggers and `dbs_twin.observe()` into a twin's database; `Observation` is
what that function tells.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.changed_columns import Columns, parse_columns

KINDS: Mapping[str, str] = {
    "r": "table",
    "p": "partitioned table",
    "v": "view",
    "m": "materialized view",
    "f": "foreign table",
    "S": "sequence",
    "i": "index",
    "I": "partitioned index",
    "c": "composite type",
}


@dataclass(frozen=True, slots=True)
class Known:
    """A relation as it was last seen.

    `existing` says that it was there before the migrations at hand; `table` is an index's table.
    """

    name: str
    kind: str
    filenode: int
    table: int = 0
    existing: bool = True


@dataclass(frozen=True, slots=True)
class Held:
    """A relation lock that the observed backend holds; `name` is nothing once dropped."""

    oid: int
    mode: str
    kind: str | None
    name: str | None
    filenode: int | None
    table: int | None
    path: str | None


@dataclass(frozen=True, slots=True)
class Observation:
    """What one backend holds and has done so far in its transaction.

    An answer of the engine tells what is new since the one before; `then` joins the two. `filled`
    are the tables without rows in production that the run has put rows into.
    """

    locks: tuple[Held, ...] = ()
    scans: Mapping[int, int] = field(default_factory=dict)
    events: tuple[Mapping[str, Any], ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    constraints: Mapping[int, tuple[Any, ...]] = field(default_factory=dict)
    last_constraint: int = 0
    columns: Columns = field(default_factory=dict)
    filled: frozenset[int] = frozenset()

    @classmethod
    def parse(cls, text: bytes | str) -> Observation:
        """Read the answer of `dbs_twin.observe()` and `dbs_twin.timeouts()`."""
        told = json.loads(text)
        seen = told["seen"]
        return cls(
            locks=tuple(Held(*item) for item in seen["locks"]),
            scans={int(oid): count for oid, count in seen["scans"].items()},
            events=tuple(seen["events"]),
            settings=told["settings"],
            constraints={item[0]: tuple(item[1:]) for item in seen["constraints"]},
            last_constraint=seen["last_constraint"],
            columns=parse_columns(seen["columns"]),
            filled=frozenset(seen["filled"]),
        )

    def then(self, new: Observation) -> Observation:
        """Return what is held after a further answer of the engine."""
        held = {(item.oid, item.mode): item for item in self.locks}
        for item in new.locks:
            # At the end, so that a relation's newest file is the last that is told.
            held.pop((item.oid, item.mode), None)
            held[item.oid, item.mode] = item
        constraints = {**self.constraints, **new.constraints}
        return replace(
            new,
            locks=tuple(held.values()),
            constraints=constraints,
            columns={**self.columns, **new.columns},
        )


def install(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Install the observation functions in a twin's database, as superuser."""
    connection.execute(files(__package__).joinpath("observation.sql").read_bytes())


_KNOWN = """
SELECT c.oid::bigint, quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relkind::text,
       c.relfilenode::bigint, coalesce(i.indrelid, 0)::bigint
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_index i ON i.indexrelid = c.oid
WHERE c.oid >= 16384 AND n.nspname NOT IN ('pg_toast', 'dbs_twin') AND c.relpersistence <> 't'
"""


def read_known(connection: psycopg.Connection[tuple[Any, ...]]) -> dict[int, Known]:
    """List the relations of a database by object id."""
    rows = connection.execute(_KNOWN).fetchall()
    return {row[0]: Known(row[1], KINDS.get(row[2], row[2]), row[3], row[4]) for row in rows}
