"""Claims that computed values need: a stored column or an index key of every row that is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbspecialist.engines.postgresql.index_definition import index_parts, key_expression
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.data_fit import Claim
from dbspecialist.proofs.data_fit.adding import all_there, unasked
from dbspecialist.proofs.data_fit.ground import Ground, mentions, part


def computed_claims(ground: Ground) -> Iterator[Claim]:
    """Yield what new stored columns and new indexes on expressions compute for old rows."""
    for index, statement in enumerate(ground.trial.statements):
        for change in statement.columns:
            if change.before is not None or change.after is None:
                continue
            column = ground.trial.after.get("column", change.after.name)
            if column is not None and column.attributes.get("generated") == "stored":
                text = f"({column.attributes['expression']})::{column.attributes['type']}"
                yield from _claim(ground, column, text, index)
    for item in ground.trial.differences:
        made = item.after
        if made is None or made.kind != "index" or item.before is not None:
            continue
        parts = index_parts(made)
        built = (
            n for n, one in enumerate(ground.trial.statements) if made.name in one.index_builds
        )
        index_ = next(built, None)
        for key, name in zip(parts.keys, parts.columns, strict=True):
            if not name and not parts.predicate and index_ is not None:
                yield from _claim(ground, made, key_expression(key), index_)


def _claim(ground: Ground, made: SchemaObject, text: str, index: int) -> Iterator[Claim]:
    table = SchemaObject("table", made.name, made.parent)
    names = (part(item) for item in ground.trial.after.parts_of(made.parent, "column"))
    columns = tuple(name for name in names if mentions(text, name))
    if not columns or not ground.is_filled(made.parent, index):
        return
    if not all_there(ground, table, columns, index):
        return
    claim = ground.claim(
        "computed",
        f"{made.name} can be computed for every row of {made.parent}",
        table,
        columns,
        index,
        misfit=text,
        obstacle=unasked(ground, "", text),
    )
    # All rows are computed, and none is returned.
    query = f"SELECT count({claim.misfit})::text FROM {claim.reads[0]} HAVING count(*) < 0"
    yield replace(claim, query=query if claim.query else "")
