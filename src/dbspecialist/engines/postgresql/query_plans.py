"""What plans of queries tell: rows that they modify, relations that they read whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any


def read_whole(plans: Iterable[str]) -> set[str]:
    """Return the relations that queries read from beginning to end, from auto_explain's plans."""
    return {name for text in plans for name in _read_whole(_fragment(text).get("Plan", {}))}


def _read_whole(node: Mapping[str, Any]) -> Iterable[str]:
    kind = node.get("Node Type", "")
    # A foreign key's check skips NULLs, which an index scan states as a condition.
    bounded = re.search(r"[=<>~@&|]", node.get("Index Cond", ""))
    if "Relation Name" in node and "Scan" in kind and not bounded:
        yield f"{node.get('Schema')}.{node['Relation Name']}"
    for child in node.get("Plans", ()):
        yield from _read_whole(child)


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


@cache
def _fragment(text: str) -> Any:
    return json.loads(text)
