"""A revision's way back as text or JSON."""

from __future__ import annotations

import json
from typing import Any

from dbspecialist.facts.walked import RoundTrip
from dbspecialist.facts.way_back import WayBack
from dbspecialist.reports import _revision_files

SCHEMA_VERSION = 1


def text(found: WayBack) -> str:
    """Write how the way back is, how it was written, and what is lost for good."""
    lines = [f"revision {found.revision}: {_trip(found.found)}"]
    if found.written is not None:
        lines.append(f"written anew: {_trip(found.written)}")
    lines += [f"no way back restores {item}" for item in found.lost]
    if found.statements or found.files.proofs or found.files.notes:
        lines += ["", _revision_files.text(found.files)]
    return "\n".join(lines)


def _trip(trip: RoundTrip) -> str:
    return f"{trip.kind} ({trip.proof.verdict}: {trip.proof.basis})"


def as_json(found: WayBack) -> str:
    """Write the same as JSON."""
    facts = {
        "schema_version": SCHEMA_VERSION,
        "revision": found.revision,
        "works": found.works,
        "found": _facts(found.found),
        "written": found.written and _facts(found.written),
        "statements": list(found.statements),
        "lost": list(found.lost),
        "files": _revision_files.facts(found.files),
    }
    return json.dumps(facts, indent=2, ensure_ascii=False)


def _facts(trip: RoundTrip) -> dict[str, Any]:
    return {
        "kind": trip.kind,
        "verdict": trip.proof.verdict,
        "basis": trip.proof.basis,
        "details": list(trip.details),
    }
