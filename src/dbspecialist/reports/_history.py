"""Histories as text or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from dbspecialist.facts.revision_state import Listed, RevisionState

SCHEMA_VERSION = 1

_BACK = {True: "way back", False: "no way back", None: "way back unknown"}


def text(found: Sequence[Listed]) -> str:
    """Write a line a revision, in running order."""
    return "\n\n".join("\n".join(_lines(item)) for item in found)


def _lines(found: Listed) -> Iterator[str]:
    count = len(found.revisions)
    yield f"{found.toolchain} in {found.folder}: {count} revision{'s' if count != 1 else ''}"
    rows = [_row(item) for item in found.revisions]
    widths = [max(len(row[at]) for row in rows) for at in range(4)] if rows else []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield "  ".join((*cells, row[4])).rstrip()
    yield from (f"note: {item}" for item in found.notes)


def _row(item: RevisionState) -> tuple[str, str, str, str, str]:
    migration = item.migration
    kind = "transaction" if migration.transactional else "no transaction"
    title = f"{migration.title} (head)" if item.head else migration.title
    state = "" if item.state == "unknown" else item.state
    return migration.revision, state, kind, _BACK[migration.reversible], title


def as_json(found: Sequence[Listed]) -> str:
    """Write the same as JSON."""
    facts = {"schema_version": SCHEMA_VERSION, "projects": [_facts(item) for item in found]}
    return json.dumps(facts, indent=2, ensure_ascii=False)


def _facts(found: Listed) -> dict[str, Any]:
    return {
        "toolchain": found.toolchain,
        "folder": found.folder,
        "notes": list(found.notes),
        "revisions": [
            {
                "revision": item.migration.revision,
                "path": item.migration.path,
                "title": item.migration.title,
                "parents": list(item.migration.parents),
                "state": item.state,
                "head": item.head,
                "transactional": item.migration.transactional,
                "reversible": item.migration.reversible,
            }
            for item in found.revisions
        ],
    }
