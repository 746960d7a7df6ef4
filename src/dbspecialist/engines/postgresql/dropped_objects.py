"""Dropped objects, as a person would name them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dbspecialist.engines.postgresql.observation import KINDS, Known

#: Kinds of dropped objects that a person would name; the rest goes with them unseen.
_NAMED_DROPS = frozenset(
    {
        *("table", "view", "materialized view", "foreign table", "index", "sequence"),
        *("table column", "table constraint", "domain constraint", "trigger", "policy", "rule"),
        *("function", "procedure", "aggregate", "type", "schema", "extension", "event trigger"),
        *("publication", "statistics object", "collation", "operator"),
    }
)


def dropped_objects(
    events: Iterable[Mapping[str, Any]], known: Mapping[int, Known]
) -> Iterable[str]:
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
    if item["name"].startswith("pg_toast."):
        return True
    if item["kind"] in {"type", "rule"} or "RI_ConstraintTrigger" in item["name"]:
        return True
    if item["kind"] == "index" and item["oid"] in known:
        table = known.get(known[item["oid"]].table)
        return table is not None and table.name in gone
    return any(item["name"].endswith(f" on {name}") for name in gone)
