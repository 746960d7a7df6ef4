"""What a statement did, read off PostgreSQL itself (no table of special cases).

`install` puts event triggers and `dbs_twin.observe()` into a twin's database; `Observation` is
what that function tells; `compare` turns two of them into the effects of the statement between.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.changed_columns import (
    Columns,
    changed_columns,
    parse_columns,
)
from dbspecialist.engines.postgresql.changed_constraints import changed_constraints
from dbspecialist.facts.effects import LOCK_MODES, Lock

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

_RELATIONS = frozenset(KINDS.values())

#: pg_event_trigger_table_rewrite_reason() (PostgreSQL source, event_trigger.h).
REWRITE_REASONS: Mapping[int, str] = {
    1: "its persistence changes",
    2: "a default must be computed for every row",
    4: "a column's type changes",
    8: "its access method changes",
}

#: Kinds of dropped objects that a person would name; the rest goes with them unseen.
_NAMED_DROPS = frozenset(
    {
        *("table", "view", "materialized view", "foreign table", "index", "sequence"),
        *("table column", "table constraint", "domain constraint", "trigger", "policy", "rule"),
        *("function", "procedure", "aggregate", "type", "schema", "extension", "event trigger"),
        *("publication", "statistics object", "collation", "operator"),
    }
)


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

    An answer of the engine tells what is new since the one before; `then` joins the two.
    """

    locks: tuple[Held, ...] = ()
    scans: Mapping[int, int] = field(default_factory=dict)
    events: tuple[Mapping[str, Any], ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    constraints: Mapping[int, tuple[Any, ...]] = field(default_factory=dict)
    last_constraint: int = 0
    columns: Columns = field(default_factory=dict)

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


def compare(
    before: Observation,
    after: Observation,
    known: Mapping[int, Known],
    plans: Iterable[str] = (),
    *,
    utility: bool,
    columns: Columns | None = None,
    first: Columns | None = None,
) -> dict[str, Any]:
    """Return the effects between two observations, as arguments of `StatementEffects`.

    Args:
        before: What the backend held before the statement.
        after: What it holds now, in the same transaction.
        known: Relations as they were after the last transaction; effects are told of those
            that existed before the migrations at hand.
        plans: Plans of the queries that it ran, also nested ones.
        utility: Whether the statement was no plain query; scans are of interest only then,
            since the planner of a twin with short files reads everything from front to back.
        columns: Columns as they were after the last transaction.
        first: Columns as they were before the migrations at hand.

    Relations bear the names that they had before the statement.
    """
    known = {**known, **_renamed(known, before)}
    existing = {oid: relation for oid, relation in known.items() if relation.existing}
    return {
        "locks": _locks(before, after, existing),
        "rewrites": _rewrites(before, after, existing),
        "scans": _scans(before, after, existing, plans) if utility else (),
        "index_builds": _index_builds(before, after, known),
        "drops": tuple(_drops(after.events, known)),
        "cascades": tuple(
            _drops(
                (item for item in after.events if item.get("normal") and not item.get("original")),
                known,
            )
        ),
        "creates": tuple(
            (item["tag"], item["kind"], item["name"])
            for item in after.events
            if item["event"] == "command" and item["name"]
        ),
        "constraints": changed_constraints(
            before.constraints, after.constraints, before.last_constraint
        ),
        "columns": changed_columns(
            {**(columns or {}), **before.columns},
            after.columns,
            first or {},
            {item["oid"] for item in after.events if item["event"] == "rewrite"},
        ),
        "renames": {known[oid].name: item.name for oid, item in _renamed(known, after).items()},
        "settings": before.settings,
    }


def _renamed(known: Mapping[int, Known], now: Observation) -> dict[int, Known]:
    """Return the known relations that have another name now."""
    return {
        held.oid: replace(known[held.oid], name=held.name)
        for held in now.locks
        if held.name and held.oid in known and known[held.oid].name != held.name
    }


def _locks(before: Observation, after: Observation, known: Mapping[int, Known]) -> tuple[Lock, ...]:
    """Return the locks on known relations that are stronger than what was held before.

    An index's lock is told where it is stronger than the one on its table.
    """
    earlier, now = _strongest(before), _strongest(after)
    found = [
        lock_of(oid, rank, known)
        for oid, rank in now.items()
        if oid in known and rank > max(earlier.get(oid, 0), now.get(known[oid].table, 0))
    ]
    return tuple(sorted(found, key=lambda lock: (lock.table, lock.relation)))


def _strongest(observation: Observation) -> dict[int, int]:
    """Return the rank of the strongest mode held, by relation."""
    found: dict[int, int] = {}
    for held in observation.locks:
        found[held.oid] = max(LOCK_MODES.index(held.mode), found.get(held.oid, 0))
    return found


def lock_of(oid: int, rank: int, known: Mapping[int, Known]) -> Lock:
    """Return a lock on a known relation by the rank of its mode."""
    relation = known[oid]
    table = known.get(relation.table)
    return Lock(relation.name, LOCK_MODES[rank], relation.kind, table.name if table else "")


def _rewrites(
    before: Observation, after: Observation, known: Mapping[int, Known]
) -> dict[str, str]:
    told = {
        known[item["oid"]].name: " and ".join(
            text for bit, text in REWRITE_REASONS.items() if item["reason"] & bit
        )
        for item in after.events
        if item["event"] == "rewrite" and item["oid"] in known
    }
    # CLUSTER, REFRESH, SET TABLESPACE replace the file without an event.
    nodes = {held.oid: held.filenode for held in before.locks}
    for held in after.locks:
        relation = known.get(held.oid)
        if relation is None or relation.table or not held.filenode:
            continue
        if held.filenode != (nodes.get(held.oid) or relation.filenode):
            told.setdefault(relation.name, "its storage is replaced")
    return told


def _scans(
    before: Observation, after: Observation, known: Mapping[int, Known], plans: Iterable[str]
) -> tuple[str, ...]:
    """Return known relations that were read from beginning to end.

    A foreign key is checked by a query of its own, which may read an index instead of the
    table; it shows in the nested plans.
    """
    counted = {
        known[oid].name
        for oid, count in after.scans.items()
        if oid in known and count > before.scans.get(oid, 0)
    }
    names = {relation.name for relation in known.values()}
    read = {name for text in plans for name in _read_whole(_fragment(text).get("Plan", {}))}
    return tuple(sorted(counted | (read & names)))


def _read_whole(node: Mapping[str, Any]) -> Iterable[str]:
    kind = node.get("Node Type", "")
    # A foreign key's check skips NULLs, which an index scan states as a condition.
    bounded = re.search(r"[=<>~@&|]", node.get("Index Cond", ""))
    if "Relation Name" in node and "Scan" in kind and not bounded:
        yield f"{node.get('Schema')}.{node['Relation Name']}"
    for child in node.get("Plans", ()):
        yield from _read_whole(child)


def _index_builds(
    before: Observation, after: Observation, known: Mapping[int, Known]
) -> dict[str, str]:
    """Return indexes of known tables whose file is new, with their tables.

    ALTER TABLE may make an index anew over the file of the old one, which is no build.
    """
    files = {held.filenode for held in before.locks} | {item.filenode for item in known.values()}
    built = {}
    for held in after.locks:
        table = known.get(held.table or 0)
        if held.kind != "i" or table is None or not table.existing:
            continue
        if held.name and held.filenode and held.filenode not in files:
            built[held.name] = table.name
    return built


def _drops(events: Iterable[Mapping[str, Any]], known: Mapping[int, Known]) -> Iterable[str]:
    """Yield what was dropped, without the parts that go unsaid with a dropped relation."""
    dropped = [item for item in events if item["event"] == "drop"]
    gone = {item["name"] for item in dropped if item["kind"] in KINDS.values()}
    for item in dropped:
        if item["kind"] == "rule" and item["name"].startswith('"_RETURN"'):
            continue  # the query of a view, which is named itself
        if item["kind"] in _NAMED_DROPS and (
            item["original"] or item["normal"] or not _goes_unsaid(item, gone, known)
        ):
            yield f"{item['kind']} {item['name']}"


def _goes_unsaid(item: Mapping[str, Any], gone: set[str], known: Mapping[int, Known]) -> bool:
    if item["kind"] in {"type", "rule"} or "RI_ConstraintTrigger" in item["name"]:
        return True
    if item["kind"] == "index" and item["oid"] in known:
        table = known.get(known[item["oid"]].table)
        return table is not None and table.name in gone
    return any(item["name"].endswith(f" on {name}") for name in gone)


def made_relations(
    events: Iterable[Mapping[str, Any]], original: Mapping[int, Known]
) -> frozenset[str]:
    """Return the relations that commands made or altered and that are not of the original ones."""
    return frozenset(
        item["name"]
        for item in events
        if item["event"] == "command"
        and item["kind"] in _RELATIONS
        and item["name"]
        and item["oid"] not in original
    )


@cache
def _fragment(text: str) -> Any:
    return json.loads(text)


def modified_rows(plans: Iterable[str]) -> dict[str, float]:
    """Return the planner's estimate of modified rows by relation, from auto_explain's plans."""
    found: dict[str, float] = {}
    for text in plans:
        _modifications(_fragment(text).get("Plan", {}), found)
    return found


def _modifications(node: Mapping[str, Any], found: dict[str, float]) -> None:
    children = node.get("Plans", ())
    if node.get("Node Type") == "ModifyTable" and node.get("Schema") != "dbs_twin":
        name = f"{node.get('Schema')}.{node.get('Relation Name')}"
        rows = sum(item.get("Plan Rows", 0) for item in children if _is_source(item))
        found[name] = found.get(name, 0) + rows
    for child in children:
        _modifications(child, found)


def _is_source(node: Mapping[str, Any]) -> bool:
    return node.get("Parent Relationship") not in {"InitPlan", "SubPlan"}
