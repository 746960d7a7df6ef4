"""From one schema to another: the statements, in an order that the engine takes."""

from __future__ import annotations

from dbspecialist.advisors.schema_diff.actions import Action, Carriers, actions
from dbspecialist.advisors.schema_diff.changes import Changes
from dbspecialist.advisors.schema_diff.order import edges, in_order
from dbspecialist.engines.postgresql.ddl.context import Context


def plan(context: Context) -> tuple[Action, ...]:
    """Write what makes the first schema of a context equal to the second, in order.

    What stands on an object that goes is dropped before it and made again after it; what loses
    rows or breaks code that still uses it comes last.
    """
    changes = Changes(context)
    carriers = Carriers(changes)
    return tuple(in_order(actions(changes, carriers), edges(changes, carriers)))
