"""Claims that unique indexes need: no key is there twice."""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.postgresql.index_definition import (
    IndexParts,
    key_expression,
    repeat_parts,
)
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.data_fit import Claim
from dbspecialist.proofs.data_fit.adding import all_there, unasked
from dbspecialist.proofs.data_fit.ground import Ground, expression, in_production, part


def unique_claims(ground: Ground, made: SchemaObject) -> Iterator[Claim]:
    """Yield what a unique index needs that is built over rows."""
    parts = repeat_parts(made, ground.trial.after)
    columns = tuple(name for name in parts.columns if name)
    if not parts.unique or "attached_to" in made.attributes:
        return
    index = next(
        (n for n, item in enumerate(ground.trial.statements) if made.name in item.index_builds),
        ground.statement_about(made.parent, part(made)),
    )
    relation, sources = ground.sources(made, columns, index)
    if not ground.is_filled(relation, index) or not all_there(ground, made, columns, index):
        return
    if not _is_built(ground, made, relation):
        return  # it was there under another name
    keys = [key_expression(key) for key in parts.keys]
    text = f"the values of {', '.join(keys)} in {made.parent} are all different"
    there = {name: expression(source) for name, source in sources.items()}
    yield ground.claim(
        "unique",
        text,
        made,
        columns,
        index,
        query=_repeats(ground.name(relation, index), parts, there),
        obstacle=unasked(ground, "", " ".join([*keys, parts.predicate])),
    )


def _is_built(ground: Ground, made: SchemaObject, relation: str) -> bool:
    family = {*ground.family(made.parent), *ground.family(relation), relation}
    return any(family & set(item.index_builds.values()) for item in ground.trial.statements)


def _repeats(table: str, parts: IndexParts, there: dict[str, str]) -> str:
    """Write the query for one repeated key; a NULL in it makes it differ from all others."""
    keys = [in_production(key_expression(key), there) for key in parts.keys]
    conditions = [in_production(parts.predicate, there)] if parts.predicate else []
    if "NULLS NOT DISTINCT" not in parts.rest:
        conditions += [f"{key} IS NOT NULL" for key in keys]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    shown = ", ".join(f"({key})::text" if " " in key else f"{key}::text" for key in keys)
    return (
        f"SELECT {shown}, count(*)::text FROM {table}{where} "
        f"GROUP BY {', '.join(keys)} HAVING count(*) > 1 LIMIT 1"
    )
