"""Rename a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.steps import Steps, short
from dbspecialist.advisors.sequences.views import made_again, note_on, view_of
from dbspecialist.facts import model_edit
from dbspecialist.facts.change import Phase
from dbspecialist.facts.names import bare, parts
from dbspecialist.facts.request import Request, argument


@dataclass(frozen=True)
class RenameTable(Request):
    """Rename a table; old code finds it under a view with the old name until it is gone."""

    table: str = argument("The table.")
    name: str = argument("Its new name.")


def steps(request: RenameTable, ground: Ground) -> Steps:
    """Return one step for a new table, else the rename with a view, and the view's end."""
    renamed = _renamed_already(request, ground)
    if renamed is not None:
        return renamed
    table = ground.table(request.table)
    new = ground.new_relation(request.name, table.schema)
    wanted = f"ALTER TABLE {table.name} RENAME TO {parts(new)[-1]}"
    back = f"ALTER TABLE {new} RENAME TO {parts(table.name)[-1]}"
    ground.try_or_refuse(wanted)
    models = (model_edit.RenameTable(table.name, bare(parts(new)[-1])),)
    title, notes = f"Rename {table.shown} to {parts(new)[-1]}", ground.quoted_note(parts(new)[-1])
    if table.name in ground.created:
        return Steps((short(title, [wanted], [back]),), (wanted,), notes=notes, models=models)
    view = view_of(ground, table, table.name, new, ())
    down = [f"DROP VIEW {table.name}", back]
    first = short(f"{title}, with a view for old code", [wanted, *view], down, stage="expand")
    last = _view_gone(table.name, view)
    notes = (*notes, note_on(table))
    return Steps((first, last), (wanted,), notes=notes, models=models)


def _view_gone(name: str, view: Sequence[str]) -> Phase:
    return short(
        f"Drop the view {name.removeprefix('public.')}",
        [f"DROP VIEW {name}"],
        view,
        when=f"no code uses the name {name.removeprefix('public.')}",
        stage="contract",
    )


def _renamed_already(request: RenameTable, ground: Ground) -> Steps | None:
    """Return the last step alone, where the first was taken in an earlier migration."""
    view = ground.view(request.table)
    if view is None or not ground.has_table(request.name):
        return None
    phase = _view_gone(view.name, made_again(ground, view))
    return Steps((phase,), (f"DROP VIEW {view.name}",))
