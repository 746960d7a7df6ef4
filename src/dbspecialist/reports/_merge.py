"""A merge of heads as text or JSON."""

from __future__ import annotations

import json

from dbspecialist.facts.merge import Merge
from dbspecialist.reports import _revision_files

SCHEMA_VERSION = 1


def text(found: Merge) -> str:
    """Write the heads, the conflicts and the revision."""
    lines = [f"heads: {', '.join(found.heads)}"]
    lines += [f"conflict: {item}" for item in found.conflicts]
    return "\n".join((*lines, _revision_files.text(found.files)))


def as_json(found: Merge) -> str:
    """Write the same as JSON."""
    facts = {
        "schema_version": SCHEMA_VERSION,
        "heads": list(found.heads),
        "conflicts": list(found.conflicts),
        "files": _revision_files.facts(found.files),
    }
    return json.dumps(facts, indent=2, ensure_ascii=False)
