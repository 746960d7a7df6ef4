"""Constraints that are added unchecked and validated in a later transaction.

VALIDATE CONSTRAINT reads the rows under a lock that lets reads and writes through ("ALTER TABLE",
PostgreSQL manual, NOT VALID). Rows that are changed meanwhile are checked, so that none may be left
that the constraint refuses.
"""

from __future__ import annotations

from collections.abc import Sequence

from dbspecialist.advisors.sequences.steps import short, stepwise
from dbspecialist.advisors.sequences.table import Table
from dbspecialist.facts.change import Phase


def in_two_steps(
    table: Table, name: str, definition: str, *, title: str, when: str, checks: Sequence[str]
) -> tuple[Phase, ...]:
    """Return the phases that add a constraint and validate it.

    Args:
        table: Its table.
        name: Its quoted name.
        definition: What stands behind its name.
        title: What the first phase does.
        when: What must be true before it is validated.
        checks: Queries that are true then.
    """
    added = f"ALTER TABLE {table.name} ADD CONSTRAINT {name} {definition} NOT VALID"
    dropped = f"ALTER TABLE {table.name} DROP CONSTRAINT {name}"
    validated = f"ALTER TABLE {table.name} VALIDATE CONSTRAINT {name}"
    return (
        short(title, [added], [dropped], when=when, checks=checks),
        stepwise(
            f"Validate constraint {name} of {table.shown}",
            [validated],
            [dropped, added],
            when=when,
            checks=checks,
        ),
    )
