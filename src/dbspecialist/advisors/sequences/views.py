"""Views under which old code finds what was renamed.

A view of one table without joins takes INSERT, UPDATE and DELETE as the table does ("CREATE VIEW",
PostgreSQL manual, Updatable Views).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.table import Table
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.errors import InputError

_OWNER = re.compile(r"ALTER VIEW .+ OWNER TO ")

#: Since when a view can ask for the rights of who uses it.
SECURITY_INVOKER_SINCE = 150_000


def view_of(ground: Ground, table: Table, name: str, under: str, more: Sequence[str]) -> list[str]:
    """Return the statements that make a view of a table, with the rights on it.

    Args:
        ground: The schema, and production's version.
        table: As it is now.
        name: The view's name.
        under: The table's name by then.
        more: Columns besides its own, as SQL.
    """
    if ground.version < SECURITY_INVOKER_SINCE:
        _refuse_policies(ground, table)
    columns = ", ".join((*table.columns, *more))
    has_rights = ground.version >= SECURITY_INVOKER_SINCE
    invoker = " WITH (security_invoker = true)" if has_rights else ""
    made = f"CREATE VIEW {name}{invoker} AS SELECT {columns} FROM {under}"
    rights = [
        item.create
        for item in ground.catalogue.parts_of(table.name, "grant")
        if f" ON TABLE {table.name} " in item.create and name == table.name
    ]
    return [made, *(sql for text in rights for sql in text.split(";\n"))]


def note_on(table: Table) -> str:
    """Return what a view does not take as the table does."""
    return (
        f"while {table.shown} is a view, TRUNCATE, COPY FROM and ALTER TABLE fail under that name"
    )


def _refuse_policies(ground: Ground, table: Table) -> None:
    """Refuse a view that its owner's rights would lead past row-level policies.

    Raises:
        InputError: Where the table has one.
    """
    for item in ground.catalogue.parts_of(table.name, "policy"):
        raise InputError(
            f"policy {item.name} would not hold for a view of PostgreSQL"
            f" {ground.version // 10_000}",
            "",
            "rename it in one step, with the code",
        )


def made_again(ground: Ground, view: SchemaObject) -> list[str]:
    """Return the statements that make a view as it is, with the rights on it."""
    rights = [item.create for item in ground.catalogue.parts_of(view.name, "grant")]
    texts = [view.create, *rights]
    return [sql.rstrip(";") for text in texts for sql in text.split(";\n") if not _OWNER.match(sql)]
