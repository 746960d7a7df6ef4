"""Tables that a query reads from beginning to end more than once, from its plan."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dbspecialist.engines.postgresql.query_plans import relation_of

#: Nodes that keep what is below them, so that it is read once.
_KEEPING = frozenset({"Materialize", "Memoize", "Hash", "Sort", "CTE Scan"})
#: Joins that stop at the first row that matches.
_STOPPING = frozenset({"Semi", "Anti"})


def rescans(plans: Iterable[str]) -> dict[str, float]:
    """Return how often queries read tables whole, by table, where the planner expects it twice.

    A subquery that is not hashed runs for each row of the node that it belongs to, and the inner
    side of a nested loop for each row of the outer one. What may stop at the first row is left out.

    Source: PostgreSQL manual, "Using EXPLAIN", on SubPlan and Nested Loop.
    """
    found: dict[str, float] = {}
    for plan in plans:
        if '"SubPlan"' in plan or '"Nested Loop"' in plan:
            for name, times in _reads(json.loads(plan).get("Plan", {}), 1.0):
                found[name] = found.get(name, 0.0) + times
    return {name: times for name, times in found.items() if times >= 2}


def _reads(node: Mapping[str, Any], times: float) -> Iterator[tuple[str, float]]:
    if node.get("Node Type") == "Seq Scan" and times >= 2:
        yield relation_of(node), times
    for child in node.get("Plans", ()):
        yield from _reads(child, _times(node, child, times))


def _times(node: Mapping[str, Any], child: Mapping[str, Any], times: float) -> float:
    """Return how often a node below another runs, 0 where it keeps its rows or may stop."""
    how = child.get("Parent Relationship")
    if how == "InitPlan":
        return 1.0
    if how == "SubPlan":
        name = child.get("Subplan Name", "")
        told = [text for text in _texts(node) if name in text]
        stops = any(f"hashed {name}" in text or f"EXISTS({name})" in text for text in told)
        return 0.0 if stops or name.startswith("CTE ") else times * node.get("Plan Rows", 1)
    if node.get("Node Type") in _KEEPING:
        return min(times, 1.0)
    if node.get("Node Type") == "Nested Loop" and how == "Inner":
        outer: Mapping[str, Any] = next((one for one in node["Plans"] if one is not child), {})
        stops = node.get("Join Type") in _STOPPING
        return 0.0 if stops else times * outer.get("Plan Rows", 1)
    return times


def _texts(node: Mapping[str, Any]) -> Iterator[str]:
    for value in node.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (item for item in value if isinstance(item, str))
