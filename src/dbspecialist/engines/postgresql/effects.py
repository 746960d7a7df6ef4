"""What a statement did, read off PostgreSQL itself (no table of special cases).

`compare` turns two observations of a backend into the effects of the statement between them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from dbspecialist.engines.postgresql.changed_columns import Columns, changed_columns
from dbspecialist.engines.postgresql.changed_constraints import changed_constraints
from dbspecialist.engines.postgresql.dropped_objects import dropped_objects
from dbspecialist.engines.postgresql.observation import KINDS, Known, Observation
from dbspecialist.engines.postgresql.query_plans import read_whole, worked_through
from dbspecialist.facts.locks import LOCK_MODES, Lock

_RELATIONS = frozenset(KINDS.values())

#: pg_event_trigger_table_rewrite_reason() (PostgreSQL source, event_trigger.h).
REWRITE_REASONS: Mapping[int, str] = {
    1: "its persistence changes",
    2: "a default must be computed for every row",
    4: "a column's type changes",
    8: "its access method changes",
}


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
    builds = _index_builds(before, after, known)
    return {
        "locks": _locks(before, after, existing),
        "rewrites": _rewrites(before, after, existing),
        "scans": _scans(before, after, existing, plans) if utility else (),
        "queried": () if utility else _queried(existing, plans),
        "index_builds": builds,
        "read_by_builds": _read_by_builds(before, after, existing, builds),
        "drops": tuple(dropped_objects(after.events, known)),
        "cascades": tuple(
            dropped_objects(
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
        "renames": _renames({**_made(before), **known}, after),
        "settings": before.settings,
    }


def _renamed(known: Mapping[int, Known], now: Observation) -> dict[int, Known]:
    """Return the known relations that have another name now."""
    return {
        held.oid: replace(known[held.oid], name=held.name)
        for held in now.locks
        if held.name and held.oid in known and known[held.oid].name != held.name
    }


def _made(before: Observation) -> dict[int, Known]:
    """Return all relations that the transaction holds, those that it made among them."""
    return {
        held.oid: Known(held.name, held.kind or "", held.filenode or 0, existing=False)
        for held in before.locks
        if held.name
    }


def _renames(known: Mapping[int, Known], after: Observation) -> dict[str, str]:
    return {known[oid].name: item.name for oid, item in _renamed(known, after).items()}


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
    return tuple(sorted(counted | (read_whole(plans) & names)))


def _queried(known: Mapping[int, Known], plans: Iterable[str]) -> tuple[str, ...]:
    names = {relation.name for relation in known.values()}
    return tuple(sorted(worked_through(plans) & names))


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


def _read_by_builds(
    before: Observation,
    after: Observation,
    known: Mapping[int, Known],
    builds: Mapping[str, str],
) -> tuple[str, ...]:
    """Return the tables that are read as often as indexes are built on them."""
    built = Counter(builds.values())
    counted = {
        known[oid].name: count - before.scans.get(oid, 0)
        for oid, count in after.scans.items()
        if oid in known
    }
    return tuple(sorted(name for name in built if counted.get(name) == built[name]))


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
