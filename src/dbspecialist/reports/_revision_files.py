"""Revisions as text or JSON."""

from __future__ import annotations

import difflib
import json
from typing import Any

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.revision_files import RevisionFiles

SCHEMA_VERSION = 1


def text(found: RevisionFiles) -> str:
    """Write the files that were made, with what is proven of them; "" where there is none."""
    lines = [f"note: {item}" for item in found.notes]
    lines += [f"{item.verdict}: {item.claim} ({item.basis})" for item in found.proofs]
    lines += [f"loses {item}" for item in found.losses if found.files or found.proofs]
    if found.written:
        lines += [f"wrote {path}" for path in found.written]
    else:
        for edit in found.files:
            lines += ["", f"--- {edit.path}", *_shown(edit)]
        if found.files:
            lines += ["", "Nothing is written; --write writes it."]
    return "\n".join(lines)


def _shown(edit: FileEdit) -> list[str]:
    """Return a new file's text, or the lines that are other than before."""
    if not edit.before:
        return [edit.text.rstrip("\n")]
    old, new = edit.before.splitlines(), edit.text.splitlines()
    return list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]


def as_json(found: RevisionFiles) -> str:
    """Write the files with their texts and proofs as JSON."""
    return json.dumps(facts(found), indent=2, ensure_ascii=False)


def facts(found: RevisionFiles) -> dict[str, Any]:
    """Return what the JSON holds."""
    return {
        "schema_version": SCHEMA_VERSION,
        "toolchain": found.toolchain,
        "files": [{"path": item.path, "text": item.text} for item in found.files],
        "proofs": [
            {"claim": item.claim, "verdict": item.verdict, "basis": item.basis}
            for item in found.proofs
        ],
        "losses": list(found.losses),
        "notes": list(found.notes),
        "written": list(found.written),
    }
