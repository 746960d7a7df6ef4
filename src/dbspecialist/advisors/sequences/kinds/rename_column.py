"""Rename a column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.queries import is_there
from dbspecialist.advisors.sequences.steps import Steps, short
from dbspecialist.advisors.sequences.views import made_again, note_on, view_of
from dbspecialist.facts import model_edit
from dbspecialist.facts.change import Phase
from dbspecialist.facts.names import bare, parts
from dbspecialist.facts.request import Request, argument

#: What is put behind the name of a table whose place a view takes.
BEHIND = "_behind_view"


@dataclass(frozen=True)
class RenameColumn(Request):
    """Rename a column; until old code is gone a view in the table's place has both names."""

    table: str = argument("The table.")
    column: str = argument("The column.")
    name: str = argument("Its new name.")


def steps(request: RenameColumn, ground: Ground) -> Steps:
    """Return one step for a new table, else the view with both names, and the rename itself."""
    begun = _begun_already(request, ground)
    if begun is not None:
        return begun
    table = ground.table(request.table)
    column, new = ground.column(table, request.column), ground.new_column(table, request.name)
    wanted = f"ALTER TABLE {table.name} RENAME COLUMN {column} TO {new}"
    ground.try_or_refuse(wanted)
    notes = ground.quoted_note(new)
    models = (model_edit.RenameColumn(table.name, bare(column), bare(new)),)
    if table.name in ground.created:
        back = f"ALTER TABLE {table.name} RENAME COLUMN {new} TO {column}"
        title = f"Rename column {column} of {table.shown} to {new}"
        return Steps((short(title, [wanted], [back]),), (wanted,), notes=notes, models=models)
    own, behind = ground.identifier(table.own_name), ground.free(table.own_name + BEHIND)
    under = f"{table.schema}.{behind}"
    view = view_of(ground, table, table.name, under, [f"{column} AS {new}"])
    first = short(
        f"Put a view in the place of {table.shown} that has {column} as {bare(new)} too",
        [f"ALTER TABLE {table.name} RENAME TO {behind}", *view],
        [f"DROP VIEW {table.name}", f"ALTER TABLE {under} RENAME TO {own}"],
        stage="expand",
    )
    last = _renamed(table.name, under, (column, new), view)
    notes = (*notes, note_on(table))
    return Steps((first, last), (wanted,), notes=notes, models=models)


def _renamed(name: str, under: str, columns: tuple[str, str], view: Sequence[str]) -> Phase:
    """Return the phase that takes the view away and renames the column itself."""
    (old, new), own, behind = columns, parts(name)[-1], parts(under)[-1]
    return short(
        f"Rename column {old} of {name.removeprefix('public.')} to {new}",
        [
            f"DROP VIEW {name}",
            f"ALTER TABLE {under} RENAME TO {own}",
            f"ALTER TABLE {name} RENAME COLUMN {old} TO {new}",
        ],
        [
            f"ALTER TABLE {name} RENAME COLUMN {new} TO {old}",
            f"ALTER TABLE {name} RENAME TO {behind}",
            *view,
        ],
        when=f"no code uses the name {old}",
        checks=[is_there(under)],
        stage="contract",
    )


def _begun_already(request: RenameColumn, ground: Ground) -> Steps | None:
    """Return the last step alone, where the view was made in an earlier migration."""
    view = ground.view(request.table)
    if view is None or not ground.has_table(view.name + BEHIND):
        return None
    table, new = ground.table(view.name + BEHIND), ground.identifier(request.name)
    if ground.catalogue.get("column", f"{view.name}.{new}") is None:
        return None
    column = ground.column(table, request.column)
    phase = _renamed(view.name, table.name, (column, new), made_again(ground, view))
    return Steps((phase,), tuple(sql for sql in phase.up if not sql.startswith("SET ")))
