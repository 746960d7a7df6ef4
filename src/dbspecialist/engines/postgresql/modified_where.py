"""The condition on a table's own rows under which a query changes them, from its plan."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dbspecialist.engines.postgresql.query_plans import modified_tables
from dbspecialist.engines.postgresql.tokens import tokens
from dbspecialist.facts.names import bare


def modified_where(plans: Iterable[str]) -> dict[str, str]:
    """Return the condition of each UPDATE and DELETE by its relation, "" where it has none.

    Columns stand by their bare names. A relation is left out where it is joined with others, or
    where several queries change its rows.
    """
    found: dict[str, list[str | None]] = {}
    for plan in plans:
        if '"ModifyTable"' in plan:
            for node in _nodes(json.loads(plan).get("Plan", {})):
                if node.get("Node Type") == "ModifyTable":
                    for relation in modified_tables(node):
                        found.setdefault(relation, []).append(_condition(node))
    return {name: told[0] for name, told in found.items() if len(told) == 1 and told[0] is not None}


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _condition(node: Mapping[str, Any]) -> str | None:
    """Read the scans below an UPDATE or DELETE: one, or one of each partition with the same."""
    if node.get("Operation") not in {"Update", "Delete"}:
        return None
    sources = list(_sources(node))
    if [item.get("Node Type") for item in sources] == ["Append"]:
        sources = list(_sources(sources[0]))
    targets = {node.get("Relation Name"), *_names(node.get("Target Tables", ()))}
    if not sources or not set(_names(sources)) <= targets:
        return None
    told = {_told(item) for item in sources}
    return told.pop() if len(told) == 1 else None


def _names(nodes: Iterable[Mapping[str, Any]]) -> Iterator[str | None]:
    return (item.get("Relation Name") for item in nodes)


def _sources(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for child in node.get("Plans", ()):
        if child.get("Parent Relationship") not in {"InitPlan", "SubPlan"}:
            yield child


def _told(scan: Mapping[str, Any]) -> str:
    """Join what a scan tells of its rows: `Filter`, `Index Cond`, `TID Cond`, `Recheck Cond`."""
    told = [text for key, text in scan.items() if key == "Filter" or key.endswith(" Cond")]
    return " AND ".join(unqualified(text, scan.get("Alias", "")) for text in told)


def unqualified(text: str, alias: str) -> str:
    """Take a table's alias off the columns of a condition."""
    words = [text[item.start : item.end] for item in tokens(text, "")]
    kept, place = [], 0
    while place < len(words):
        if bare(words[place]) == alias and words[place + 1 : place + 2] == ["."]:
            place += 2
        else:
            kept.append(words[place])
            place += 1
    return "".join(kept)
