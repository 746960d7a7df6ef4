"""Index builds that stop nobody, on plain and on partitioned tables.

CREATE INDEX CONCURRENTLY waits for older transactions, so that no time-out may cut it short: an
INVALID index would be left. The build begins by dropping what an earlier try has left. Of a
partitioned table each partition's is built so and attached ("CREATE INDEX", PostgreSQL manual).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.queries import no_such_relation
from dbspecialist.advisors.sequences.steps import LIMITED, UNLIMITED, patient, short, stepwise
from dbspecialist.advisors.sequences.table import Table
from dbspecialist.facts.change import Phase, Stage
from dbspecialist.facts.errors import InputError

_HEAD = re.compile(r"CREATE (UNIQUE )?INDEX (?:CONCURRENTLY )?(.+?) ON (?:ONLY )?", re.IGNORECASE)


def build(ground: Ground, table: Table, definition: str, *, title: str) -> tuple[Phase, ...]:
    """Return the phases that build an index.

    Args:
        ground: Tells the time-outs in force and the partitions.
        table: The index's.
        definition: As the engine writes it (`pg_get_indexdef`).
        title: What the phases do.
    """
    name = f"{table.schema}.{index_name(definition)}"
    if table.is_small:
        return (short(title, [definition], [f"DROP INDEX {name}"], stage="expand"),)
    if table.is_partitioned:
        return _on_partitions(ground, table, definition, title)
    return (built(ground, name, definition, title=title, stage="expand"),)


def built(ground: Ground, name: str, definition: str, *, title: str, stage: Stage = "") -> Phase:
    """Return the phase that builds one index beside the traffic.

    Args:
        ground: Tells whether the toolchain takes a second statement.
        name: The index's qualified name.
        definition: As the engine writes it.
        title: What the phase does.
        stage: What it is to code that runs meanwhile.
    """
    dropped = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
    up = [concurrent(definition)] if ground.one_message else [dropped, concurrent(definition)]
    checks = [no_such_relation(name)] if ground.one_message else []
    when = "no build that failed has left the index behind" if ground.one_message else ""
    return patient(title, up, [dropped], when=when, checks=checks, stage=stage)


def index_name(definition: str) -> str:
    """Return the quoted name in an index's definition."""
    found = _HEAD.match(definition)
    assert found is not None, definition
    return found[2]


def concurrent(definition: str) -> str:
    """Return a definition that is built beside the traffic."""
    return re.sub(r"^CREATE (UNIQUE )?INDEX ", r"CREATE \1INDEX CONCURRENTLY ", definition).replace(
        " ON ONLY ", " ON ", 1
    )


def attached_constraint(table: Table, constraint: str, kind: str, index: str) -> tuple[str, ...]:
    """Return the statements that make a constraint of a valid index, with a short time-out."""
    added = f"ALTER TABLE {table.name} ADD CONSTRAINT {constraint} {kind} USING INDEX {index}"
    return LIMITED, added


def _on_partitions(ground: Ground, table: Table, definition: str, title: str) -> tuple[Phase, ...]:
    made = [item.after for item in ground.changed_by(definition) if item.after is not None]
    indexes = [item for item in made if item.kind == "index" and item.parent != table.name]
    if any(ground.table(item.parent).is_partitioned for item in indexes):
        raise InputError(
            f"partitions of {table.name} are partitioned themselves", title, "index them one by one"
        )
    parent = f"{table.schema}.{index_name(definition)}"
    only = definition.replace(" ON ", " ON ONLY ", 1)
    phases = [short(f"{title}: the parent's", [only], [f"DROP INDEX {parent}"], stage="expand")]
    attached: list[str] = []
    for item in indexes:
        dropped = f"DROP INDEX CONCURRENTLY IF EXISTS {item.name}"
        built = concurrent(item.attributes["definition"])
        on_leaf = f"{title}: {item.parent.removeprefix('public.')}"
        phases.append(patient(on_leaf, [built], [dropped], stage="expand"))
        attached.append(f"ALTER INDEX {parent} ATTACH PARTITION {item.name}")
    anew = [f"DROP INDEX {parent}", only]
    builds = [item.attributes["definition"] for item in indexes]
    if ground.one_message:
        attach = f"{title}: attach the partitions'"
        return (*phases, short(attach, attached, [*anew, *builds], stage="expand"))
    return (*phases, _attaching(title, attached, anew, [concurrent(item) for item in builds]))


def _attaching(
    title: str, attached: Sequence[str], anew: Sequence[str], builds: Sequence[str]
) -> Phase:
    """Return the phase that makes the parent's index valid.

    No index is detached from its parent's: the way back drops all, and makes them again apart.
    """
    attach = f"{title}: attach the partitions'"
    return stepwise(attach, attached, [*anew, UNLIMITED[0], *builds], stage="expand")
