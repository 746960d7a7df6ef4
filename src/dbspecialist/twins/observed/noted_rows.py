"""What a statement did to rows, told to the twin, whose planner has production's numbers alone."""

from __future__ import annotations

import json

from dbspecialist.engines.postgresql.columns_set import columns_set
from dbspecialist.engines.postgresql.query_plans import modified_rows
from dbspecialist.twins.observed.witness import Outcome

#: Rows put into a table below which later plans hardly differ: seeds are sent one by one.
FEW = 100


def note_of_rows(outcome: Outcome, key: str) -> str:
    """Return the query that notes the columns a statement set and the tables it filled, or ""."""
    if outcome.error or not outcome.plans:
        return ""
    rows = modified_rows(outcome.plans)
    tags = {tag.split(" ")[0] for tag in outcome.tags}
    updated = {
        # Of a loop on a table without rows, one turn at most is seen.
        name: {"columns": columns, "rows": rows.get(name) if tags == {"UPDATE"} else None}
        for name, columns in columns_set(outcome.plans).items()
    }
    filled = {
        name: count for name, count in rows.items() if count > FEW and tags - {"UPDATE", "DELETE"}
    }
    if not rows and tags & {"SELECT", "CREATE"}:
        made = json.loads(outcome.plans[-1]).get("Plan", {}).get("Plan Rows", 0)
        filled = {"": made} if made > FEW else {}
    if not updated and not filled:
        return ""
    texts = (key, json.dumps(updated), json.dumps(filled))
    return f"SELECT dbs_twin.note_changes({', '.join(map(_quoted, texts))})"


def _quoted(text: str) -> str:
    """Write a literal that `standard_conforming_strings` does not matter to."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
