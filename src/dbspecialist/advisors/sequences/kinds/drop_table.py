"""Drop a table."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.steps import Steps, short
from dbspecialist.facts import model_edit
from dbspecialist.facts.request import Request, argument


@dataclass(frozen=True)
class DropTable(Request):
    """Put a table that no code uses any more aside under another name, with all its rows."""

    table: str = argument("The table.")


def steps(request: DropTable, ground: Ground) -> Steps:
    """Return one step: the table is kept, and dropped by hand once nobody misses it."""
    table = ground.table(request.table)
    aside = ground.free(f"{table.own_name}_dropped")
    own = ground.identifier(table.own_name)
    wanted = f"ALTER TABLE {table.name} RENAME TO {aside}"
    ground.try_or_refuse(wanted)
    phase = short(
        f"Put table {table.shown} aside",
        [wanted],
        [f"ALTER TABLE {table.schema}.{aside} RENAME TO {own}"],
        when=f"no code uses {table.shown}",
        stage="contract",
    )
    return Steps(
        (phase,),
        (wanted,),
        losses=(f"nothing yet: {table.schema}.{aside} keeps {table.size}",),
        models=(model_edit.DropTable(table.name),),
        notes=(f"DROP TABLE {table.schema}.{aside} once nobody misses it and a dump is kept",),
    )
