"""What the plans of a statement's queries tell of it, as `facts.effects` has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dbspecialist.engines.postgresql.changed_columns import Columns
from dbspecialist.engines.postgresql.columns_set import columns_set
from dbspecialist.engines.postgresql.copied_columns import FILLING, copied_columns
from dbspecialist.engines.postgresql.modified_where import modified_where
from dbspecialist.engines.postgresql.observation import Observation
from dbspecialist.engines.postgresql.query_plans import (
    modified_at_once,
    modified_rows,
    read_inside,
    selected,
)
from dbspecialist.engines.postgresql.rescans import rescans
from dbspecialist.engines.postgresql.rows_written import rows_written
from dbspecialist.facts.effects import EngineError


def planned(
    plans: Sequence[str],
    tags: Sequence[str],
    error: EngineError | None,
    after: Observation | None,
    columns: Columns,
    *,
    begun: Sequence[int] = (),
) -> dict[str, Any]:
    """Return what plans tell, as arguments of `StatementEffects`.

    Args:
        plans: Of the statement's queries, its own last.
        tags: The command tags that the engine reported.
        error: Its refusal, or nothing.
        after: What the backend holds when it has run, where it was asked.
        columns: Columns as they were after the last transaction.
        begun: How many plans there were at the beginning of each transaction of its own.
    """
    return {
        "rows_modified": modified_rows(plans),
        "rows_at_once": modified_at_once(plans, begun),
        "columns_set": columns_set(plans),
        "conditions": modified_where(plans),
        "copies": {} if error else _copies(plans, after, columns),
        "writes": rows_written(plans),
        "reads": tuple(sorted(read_inside(plans, tags, error))),
        "rescans": rescans(plans),
        "selects": tuple(sorted(selected(plans, tags))),
    }


def _copies(
    plans: Sequence[str], after: Observation | None, columns: Columns
) -> dict[str, dict[str, str]]:
    if after is None or not plans:
        return {}
    made = [item["name"] for item in after.events if item.get("tag") in FILLING]
    return copied_columns(plans, made, {**columns, **after.columns})
