"""Drift as text or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dbspecialist.facts.drift import SIDES, Drift, DriftItem
from dbspecialist.reports import _revision_files

SCHEMA_VERSION = 1

#: The longest value that is shown whole, in characters.
LONGEST = 60


def text(found: Drift) -> str:
    """Write the differences, a line each, and the revision that adopts a side."""
    lines = [f"note: {item}" for item in found.notes]
    if found.pending:
        lines.append(f"pending in the database: {', '.join(found.pending)}")
    lines += [_line(item) for item in found.items]
    lines += ["", _total(found)] if found.items else [_total(found)]
    if found.revision is not None:
        lines += ["", _revision_files.text(found.revision)]
    return "\n".join(lines)


def _total(found: Drift) -> str:
    sides = _joined([side for side in SIDES if side in found.sides])
    if not found.items:
        return f"{sides} agree"
    count = len(found.items)
    return f"{count} difference{'s' if count > 1 else ''} between {sides}"


def _line(item: DriftItem) -> str:
    parts = list(_parts(item))
    return f"{item.kind} {item.name}: {'; '.join(parts)}"


def _parts(item: DriftItem) -> Iterator[str]:
    """Yield what each group of sides has."""
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for side in item.has:
        state = item.states[side] or {}
        groups.setdefault(tuple(sorted(state.items())), []).append(side)
    for values, sides in groups.items():
        told = ", ".join(_told(name, value) for name, value in values)
        yield f"{told} in {_joined(sides)}" if told else f"in {_joined(sides)}"
    if item.lacks:
        yield f"not in {_joined(item.lacks)}"


def _told(name: str, value: str) -> str:
    return f"{name} {_short(value)}" if value else f"no {name}"


def _short(value: str) -> str:
    flat = " ".join(value.split())
    return repr(flat if len(flat) <= LONGEST else f"{flat[: LONGEST - 1]}…")


def _joined(words: tuple[str, ...] | list[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def as_json(found: Drift) -> str:
    """Write the differences and the revision as JSON."""
    facts = {
        "schema_version": SCHEMA_VERSION,
        "sides": dict(found.sides),
        "pending": list(found.pending),
        "differences": [_item(item) for item in found.items],
        "notes": list(found.notes),
        "revision": found.revision and _revision_files.facts(found.revision),
    }
    return json.dumps(facts, indent=2, ensure_ascii=False)


def _item(item: DriftItem) -> Mapping[str, Any]:
    return {
        "kind": item.kind,
        "name": item.name,
        "has": list(item.has),
        "lacks": list(item.lacks),
        "states": {
            side: None if state is None else dict(state) for side, state in item.states.items()
        },
    }
