"""What queries write into which tables, from their plans (auto_explain, log_verbose)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, cast

from dbspecialist.engines.postgresql.index_definition import split_list
from dbspecialist.engines.postgresql.modified_where import modified_where, unqualified
from dbspecialist.engines.postgresql.query_plans import modified_tables, relation_of
from dbspecialist.engines.postgresql.tokens import tokens
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.written import Written

#: Rows of VALUES above which their values are not told: they are loaded, not written by hand.
MANY = 200
#: Characters of a query that is read for its VALUES.
LONG = 100_000

_SYSTEM = frozenset({"ctid", "tableoid", "wholerow"})
_VALUES = '"*VALUES*"'


def rows_written(plans: Iterable[str]) -> tuple[Written, ...]:
    """Return what each INSERT, UPDATE and DELETE among the queries writes, in their order."""
    found: list[Written] = []
    for plan in plans:
        if '"ModifyTable"' not in plan:
            continue
        told = json.loads(plan)
        for node in _nodes(told.get("Plan", {})):
            if node.get("Node Type") == "ModifyTable" and node.get("Schema") != "dbs_twin":
                found += _written(node, plan, told.get("Query Text", ""))
    return tuple(found)


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _written(node: Mapping[str, Any], plan: str, text: str) -> Iterator[Written]:
    operation = str(node.get("Operation", "")).lower()
    if operation not in {"insert", "update", "delete"} or "Relation Name" not in node:
        return
    kind = cast("Literal['insert', 'update', 'delete']", operation)
    relation = relation_of(node)
    sources = [item for child in _sources(node) for item in _nodes(child)]
    read = {relation_of(item) for item in sources if "Relation Name" in item}
    if kind == "insert":
        yield _inserted(node, relation, tuple(sorted(read)), text)
        return
    own = {relation, *map(relation_of, node.get("Target Tables", ()))}
    condition = modified_where((plan,)).get(relation)
    values = (_set(node),) if kind == "update" and condition is not None else ()
    for changed in modified_tables(node):
        yield Written(changed, kind, values, tuple(sorted(read - own)), condition)


def _inserted(node: Mapping[str, Any], relation: str, read: tuple[str, ...], text: str) -> Written:
    (source,) = list(_sources(node)) or [{}]
    conflict = str(node.get("Conflict Resolution", ""))
    output = tuple(source.get("Output", ()))
    if source.get("Node Type") == "Values Scan":
        rows = tuple(_filled(output, row) for row in _listed(text)[:MANY]) if output else ()
        return Written(relation, "insert", rows, read, "", conflict)
    if not read:
        return Written(relation, "insert", (output,) if output else (), (), "", conflict)
    if len(read) == 1 and "Relation Name" in source and "Plans" not in source:
        alias = source.get("Alias", "")
        row = tuple(unqualified(item, alias) for item in output)
        told = [words for key, words in source.items() if key == "Filter" or key.endswith(" Cond")]
        condition = " AND ".join(unqualified(item, alias) for item in told)
        return Written(relation, "insert", (row,), read, condition, conflict)
    return Written(relation, "insert", (output,), read, None, conflict)


def _sources(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for child in node.get("Plans", ()):
        if child.get("Parent Relationship") not in {"InitPlan", "SubPlan"}:
            yield child


def _set(node: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the new values of an UPDATE's columns; those of partitions are the same."""
    sources = list(_sources(node))
    if sources and sources[0].get("Node Type") == "Append":
        sources = list(_sources(sources[0]))
    scan = sources[0] if sources and "Relation Name" in sources[0] else {}
    alias = scan.get("Alias", "")
    found = [unqualified(item, alias) for item in scan.get("Output", ())]
    return tuple(item for item in found if item not in _SYSTEM)


def _filled(output: Sequence[str], row: Sequence[str]) -> tuple[str, ...]:
    """Put a row of VALUES into the expressions of the scan that reads it."""
    filled = []
    for expression in output:
        text = expression
        for number in range(len(row), 0, -1):
            text = text.replace(f"{_VALUES}.column{number}", row[number - 1])
        filled.append(text)
    return tuple(filled)


def _listed(text: str) -> list[tuple[str, ...]]:
    """Read the rows of the one VALUES of a query's text; nothing where it is not understood."""
    if len(text) > LONG:
        return []
    try:
        found = list(tokens(text, ""))
    except InputError:
        return []
    starts = [
        n
        for n, item in enumerate(found)
        if item.kind == "word" and text[item.start : item.end].lower() == "values"
    ]
    if len(starts) != 1:
        return []
    rows, depth, start = [], 0, 0
    for item in found[starts[0] + 1 :]:
        if item.kind == "open":
            start = item.end if depth == 0 else start
            depth += 1
        elif item.kind == "close":
            depth -= 1
            if depth == 0:
                rows.append(tuple(split_list(text[start : item.start])))
        elif depth == 0 and item.kind in {"word", "semicolon"}:
            break  # ON CONFLICT, RETURNING, or the end
    return rows
