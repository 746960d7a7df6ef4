"""Columns that a query fills with all values of another table's column, from its plan.

CREATE TABLE AS and INSERT … SELECT copy a table where the plan is one scan of it without a
condition. `auto_explain.log_verbose` prints what each column gets as `Output`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from dbspecialist.engines.postgresql.changed_columns import Columns
from dbspecialist.engines.postgresql.identifiers import quoted
from dbspecialist.engines.postgresql.query_plans import relation_of
from dbspecialist.facts.names import bare, parts

#: Commands whose query fills what they make.
FILLING = frozenset({"CREATE TABLE AS", "SELECT INTO"})


def copied_columns(
    plans: Sequence[str], made: Iterable[str], columns: Columns
) -> dict[str, dict[str, str]]:
    """Return the columns that are copied, by the relation that they are copied into.

    Args:
        plans: Of the queries of one statement.
        made: Relations that the statement makes by a query.
        columns: Of the relations that it fills.
    """
    found = dict(_read(plans, made))
    return {
        target: dict(zip(_names(target, columns), output, strict=False))
        for target, output in found.items()
        if output and len(_names(target, columns)) == len(output)
    }


def _read(plans: Sequence[str], made: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the relations that are filled with what each of their columns gets."""
    for plan in plans:
        node = json.loads(plan).get("Plan", {})
        if node.get("Node Type") != "ModifyTable":
            yield from ((target, _copied(node)) for target in made)
        elif node.get("Operation") == "Insert" and len(node.get("Plans", ())) == 1:
            yield relation_of(node), _copied(node["Plans"][0])


def _copied(node: Mapping[str, Any]) -> list[str]:
    """Return what each output column of a scan copies, "" where it computes something."""
    while node.get("Node Type") in {"Subquery Scan", "Gather", "Sort"} and node.get("Plans"):
        if "Filter" in node:
            return []
        inner = node["Plans"][0]
        if not _is_passed_on(node, inner):
            return []
        node = inner
    whole = "Relation Name" in node and "Scan" in node.get("Node Type", "")
    if not whole or any(key == "Filter" or key.endswith(" Cond") for key in node):
        return []
    source, alias = relation_of(node), node.get("Alias", "")
    return [_column(text, source, alias) for text in node.get("Output", ())]


def _is_passed_on(node: Mapping[str, Any], inner: Mapping[str, Any]) -> bool:
    """Tell whether a node gives the columns of the one below it, in their order."""
    pairs = zip(node.get("Output", ()), inner.get("Output", ()), strict=False)
    same = all(parts(mine)[-1:] == parts(its)[-1:] for mine, its in pairs)
    return same and len(node.get("Output", ())) == len(inner.get("Output", ()))


def _column(text: str, source: str, alias: str) -> str:
    """Read a column; a constant that looks like one would be quoted."""
    *table, name = parts(text) or [""]
    if not name or [bare(item) for item in table] not in ([], [alias]):
        return ""
    return f"{source}.{name}" if quoted(bare(name)) == name else ""


def _names(relation: str, columns: Columns) -> list[str]:
    """Return the names of a relation's columns in their order."""
    rows = ((key, row) for key, row in columns.items() if row.relation == relation)
    return [row.name for _, row in sorted(rows) if not row.dropped]
