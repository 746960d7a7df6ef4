"""What plans of queries tell: rows that they modify, relations that they read whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

from dbspecialist.engines.postgresql.identifiers import quoted


def relation_of(node: Mapping[str, Any]) -> str:
    """Return the name of the relation that a node of a plan is about, quoted where it must be."""
    return f"{quoted(node.get('Schema', ''))}.{quoted(node.get('Relation Name', ''))}"


def read_whole(plans: Iterable[str]) -> set[str]:
    """Return the relations that queries read from beginning to end, from auto_explain's plans."""
    return {name for text in plans for name in _read_whole(_fragment(text).get("Plan", {}))}


def _read_whole(node: Mapping[str, Any]) -> Iterable[str]:
    kind = node.get("Node Type", "")
    # A foreign key's check skips NULLs, which an index scan states as a condition.
    bounded = re.search(r"[=<>~@&|]", node.get("Index Cond", ""))
    if "Relation Name" in node and "Scan" in kind and not bounded:
        yield relation_of(node)
    for child in node.get("Plans", ()):
        yield from _read_whole(child)


#: Queries that the engine itself sends for foreign keys (PostgreSQL source, ri_triggers.c).
_FOREIGN_KEY_CHECK = re.compile(
    r"^SELECT (1 FROM ONLY|fk\.).*?( FOR KEY SHARE| LEFT OUTER JOIN)", re.S
)


def read_inside(plans: Sequence[str], tags: Iterable[str], error: object = None) -> set[str]:
    """Return the relations that queries inside of a statement's code read, from their plans.

    The plan of a plain query comes last, after those of the functions that it calls; a query that
    fails has none. Queries that change rows are left out: what they do follows from their plans.
    """
    first = {tag.partition(" ")[0] for tag in tags}
    if first & {"DO", "CALL"} or error:
        inside = plans
    elif first == {"SELECT"}:
        inside = plans[:-1]
    else:
        return set()
    return {name for text in inside for name in _read(_fragment(text))}


def selected(plans: Sequence[str], tags: Iterable[str]) -> set[str]:
    """Return the relations that a plain query reads, from its own plan, which comes last."""
    first = {tag.partition(" ")[0] for tag in tags}
    return _read(_fragment(plans[-1])) if plans and first == {"SELECT"} else set()


def _read(fragment: Mapping[str, Any]) -> set[str]:
    nodes = list(_nodes(fragment.get("Plan", {})))
    changes = any(node.get("Node Type") == "ModifyTable" for node in nodes)
    if changes or _FOREIGN_KEY_CHECK.match(fragment.get("Query Text", "")):
        return set()
    named = (node for node in nodes if "Relation Name" in node)
    return {relation_of(node) for node in named}


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


#: Nodes that read all that is below them before they give their first row.
_READING_ALL = frozenset({"Aggregate", "Sort", "Hash"})


def worked_through(plans: Iterable[str]) -> set[str]:
    """Return the relations that queries read whole and do not stop reading before the end.

    A LIMIT, and a subquery that may be an EXISTS, stop at the first rows where nothing below them
    needs all rows.
    """
    return {name for text in plans for name in _to_the_end(_fragment(text).get("Plan", {}), True)}


def _to_the_end(node: Mapping[str, Any], whole: bool) -> Iterable[str]:
    kind = node.get("Node Type", "")
    if whole and "Relation Name" in node and "Scan" in kind and "Index Cond" not in node:
        yield relation_of(node)
    below = kind in _READING_ALL or (whole and kind != "Limit")
    for child in node.get("Plans", ()):
        yield from _to_the_end(child, below and (_is_source(child) or kind in _READING_ALL))


def modified_rows(plans: Iterable[str]) -> dict[str, float]:
    """Return the planner's estimate of modified rows by relation, from auto_explain's plans."""
    found: dict[str, float] = {}
    for text in plans:
        _modifications(_fragment(text).get("Plan", {}), found)
    return found


def modified_at_once(plans: Sequence[str], begun: Sequence[int]) -> dict[str, float]:
    """Return the most rows of each relation that one transaction of several modifies.

    Args:
        plans: Of the queries of all, in their order.
        begun: How many of them there were at the beginning of each transaction.
    """
    found: dict[str, float] = {}
    if len(begun) < 2:
        return found
    for start, end in pairwise((*begun, len(plans))):
        for name, rows in modified_rows(plans[start:end]).items():
            found[name] = max(rows, found.get(name, 0))
    return found


def _modifications(node: Mapping[str, Any], found: dict[str, float]) -> None:
    children = node.get("Plans", ())
    if node.get("Node Type") == "ModifyTable" and node.get("Schema") != "dbs_twin":
        rows = sum(item.get("Plan Rows", 0) for item in children if _is_source(item))
        for name, share in modified_tables(node).items():
            found[name] = found.get(name, 0) + rows * share
    for child in children:
        _modifications(child, found)


def modified_tables(node: Mapping[str, Any]) -> dict[str, float]:
    """Return the tables that a ModifyTable is of, with the share of its rows that is in each.

    Rows of partitions count as their parent's. A table that others inherit from has rows of its
    own, which are read beside theirs.
    """
    name = relation_of(node)
    targets = {name, *map(relation_of, node.get("Target Tables", ()))}
    read: dict[str, float] = {}
    for item in _nodes(node) if len(targets) > 1 else ():
        if "Relation Name" in item and item is not node and relation_of(item) in targets:
            own = relation_of(item)
            read[own] = read.get(own, 0) + item.get("Plan Rows", 0)
    total = sum(read.values())
    if name not in read or not total:
        return {name: 1.0}
    return {target: rows / total for target, rows in read.items()}


def _is_source(node: Mapping[str, Any]) -> bool:
    return node.get("Parent Relationship") not in {"InitPlan", "SubPlan"}


@cache
def _fragment(text: str) -> Any:
    return json.loads(text)
