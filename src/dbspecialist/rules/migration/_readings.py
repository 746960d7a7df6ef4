"""What rules on missing rows share: words for tables that have rows in production alone."""

from __future__ import annotations

from collections.abc import Sequence

from dbspecialist.facts.trial import Run
from dbspecialist.facts.units import count


def lacking(run: Run, relations: Sequence[str]) -> str:
    """Say which tables have no rows on the twin, and how many in production."""
    if not relations:
        return "production's rows may differ from the made-up ones here"
    return f"the twin has no rows of {', '.join(_sized(run, name) for name in relations)}"


def _sized(run: Run, relation: str) -> str:
    if not run.knows(relation):
        return f"{relation} (production: not known)"
    return f"{relation} (production: {count(run.rows(relation))})"
