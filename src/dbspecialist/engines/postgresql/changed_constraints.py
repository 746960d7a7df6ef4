"""Constraints that a statement made or changed, from two observations of pg_constraint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbspecialist.facts.effects import ConstraintChange

_KINDS = {
    "p": "primary key",
    "u": "unique",
    "f": "foreign key",
    "c": "check",
    "x": "exclude",
    "n": "not null",
}


def changed_constraints(
    before: Mapping[int, tuple[Any, ...]], after: Mapping[int, tuple[Any, ...]], last: int
) -> tuple[ConstraintChange, ...]:
    """Return the constraints whose rows differ.

    Args:
        before: What the transaction had written before the statement, by object id.
        after: What it has written now.
        last: The highest object id of a constraint before the statement.
    """
    return tuple(
        _change(row, added=oid > last) for oid, row in after.items() if before.get(oid) != row
    )


def _change(row: tuple[Any, ...], *, added: bool) -> ConstraintChange:
    relation, name, kind, definition, valid, referenced, index, unstable, on_domain = row
    return ConstraintChange(
        relation=relation,
        name=name,
        kind="domain" if on_domain else _KINDS[kind],
        definition=definition,
        valid=valid,
        added=added,
        referenced=referenced or "",
        index=index or "",
        unstable=tuple(unstable or ()),
    )
