"""Claims that constraints need, CHECKs of tables and domains among them."""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.data_fit import Claim
from dbspecialist.proofs.data_fit.adding import adding, all_there, listed, unasked, with_value
from dbspecialist.proofs.data_fit.foreign_keys import reference_claims
from dbspecialist.proofs.data_fit.ground import Ground, expression, in_production, part
from dbspecialist.proofs.data_fit.unique_keys import unique_claims


def constraint_claims(ground: Ground) -> Iterator[Claim]:
    """Yield what constraints need that the migration adds or validates."""
    for item in ground.trial.differences:
        made = item.after
        if made is None or made.attributes.get("valid") == "false":
            continue
        if made.kind == "constraint" and (item.before is None or "valid" in item.changed):
            yield from _constraint(ground, made)
        elif made.kind == "domain constraint":
            yield from _domain(ground, made)
        elif made.kind == "index" and item.before is None:
            yield from unique_claims(ground, made)


def _constraint(ground: Ground, made: SchemaObject) -> Iterator[Claim]:
    if made.attributes.get("enforced") == "false" or not _is_filled(ground, made):
        return
    if _is_renamed(ground, made):
        return
    if made.attributes["type"] == "check" and "inherited" not in made.attributes:
        yield from _check(ground, made)
    elif made.attributes["type"] == "foreign key":
        yield from reference_claims(ground, made)


def _is_filled(ground: Ground, made: SchemaObject) -> bool:
    index = adding(ground, made)
    return ground.is_filled(ground.then(made, "", index)[0], index)


def _is_renamed(ground: Ground, made: SchemaObject) -> bool:
    """Tell whether a constraint was there, and valid, under another name."""
    return ground.trial.before.get("constraint", made.name) is None and any(
        ground.trial.after.get("constraint", item.name) is None
        and {**item.attributes, "index": ""} == {**made.attributes, "index": ""}
        for item in ground.trial.before.parts_of(made.parent, "constraint")
    )


def _check(ground: Ground, made: SchemaObject) -> Iterator[Claim]:
    columns = listed(made.attributes.get("columns", ""))
    if not all_there(ground, made, columns, adding(ground, made)):
        return
    condition, index = made.attributes["expression"], adding(ground, made)
    yield ground.claim(
        "check",
        f"every row of {made.parent} satisfies {part(made)}",
        made,
        columns,
        index,
        misfit=f"NOT ({condition})",
        query=_query_of_one(ground, made, columns, condition, index),
        obstacle=unasked(ground, part(made), condition),
    )


def _query_of_one(
    ground: Ground, made: SchemaObject, columns: tuple[str, ...], condition: str, index: int | None
) -> str:
    """Return the query that leaves out inheriting tables, or "" where the check is theirs too."""
    relation, sources = ground.sources(made, columns, index)
    there = {name: expression(source) for name, source in sources.items()}
    if not made.attributes["definition"].endswith(" NO INHERIT"):
        return ""
    misfit = in_production(f"NOT ({condition})", there)
    return ground.row_query(f"ONLY {ground.name(relation, index)}", columns, misfit)


def _domain(ground: Ground, made: SchemaObject) -> Iterator[Claim]:
    """Yield a claim for each column of a domain that gets a check."""
    condition = made.attributes["definition"].removeprefix("CHECK ")
    for column in ground.trial.before.of_kind("column"):
        index = adding(ground, made)
        if column.attributes["type"] != made.parent or not ground.is_filled(column.parent, index):
            continue
        name = part(column)
        yield ground.claim(
            "check",
            f"every value of {column.name} satisfies {part(made)} of {made.parent}",
            SchemaObject("constraint", made.name, column.parent),
            (name,),
            adding(ground, made),
            misfit=f"NOT ({with_value(condition, name)})",
            obstacle=unasked(ground, part(made), condition),
        )
