"""The way from one schema to another as SQL or JSON."""

from __future__ import annotations

import json
from typing import Any

from dbspecialist.facts.schema_diff import SchemaDiff, Script

SCHEMA_VERSION = 1


def sql(diff: SchemaDiff, *, down: bool = False) -> str:
    """Write one direction as a script; "" where the schemas are equal.

    Args:
        diff: Both directions.
        down: Whether to write the way back.
    """
    script, places = (
        (diff.down, (diff.after, diff.before)) if down else (diff.up, (diff.before, diff.after))
    )
    if not script.statements:
        return ""
    lines = [f"-- from {places[0]} to {places[1]}", *heading(script)]
    return "\n".join((*lines, "", *(f"{text};" for text in script.statements)))


def heading(script: Script) -> list[str]:
    """Write what is proven of a script and what it loses, as SQL comments."""
    proofs = [f"-- {item.verdict}: {item.claim} ({item.basis})" for item in script.proofs]
    return [*proofs, *(f"-- loses {item}" for item in script.losses)]


def as_json(diff: SchemaDiff) -> str:
    """Write both directions as JSON."""
    found = {
        "schema_version": SCHEMA_VERSION,
        "from": diff.before,
        "to": diff.after,
        "equal": diff.equal,
        "up": _script(diff.up),
        "down": _script(diff.down),
        "notes": list(diff.notes),
    }
    return json.dumps(found, indent=2, ensure_ascii=False)


def _script(script: Script) -> dict[str, Any]:
    return {
        "statements": list(script.statements),
        "losses": list(script.losses),
        "proofs": [
            {"claim": item.claim, "verdict": item.verdict, "basis": item.basis}
            for item in script.proofs
        ],
    }
