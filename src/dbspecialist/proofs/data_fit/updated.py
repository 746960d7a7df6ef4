"""Claims that UPDATEs need: new values that constraints and types allow."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.data_fit import Claim
from dbspecialist.facts.names import bare
from dbspecialist.facts.written import Written
from dbspecialist.proofs.data_fit.adding import listed, with_value
from dbspecialist.proofs.data_fit.before import Before
from dbspecialist.proofs.data_fit.ground import Ground, in_production, part
from dbspecialist.proofs.data_fit.misfits import misfit

#: NULL, as plans print it.
_NULL = re.compile(r"NULL(?:::.+)?")


def update_claims(ground: Ground) -> Iterator[Claim]:
    """Yield what each UPDATE of one table needs of the rows that it changes."""
    for index, statement in enumerate(ground.trial.statements):
        for item in statement.writes:
            before = Before(ground, index)
            if item.operation != "update" or statement.error or not before.is_there(item.relation):
                continue
            made = before.made(item)
            for name, condition in _conditions(before, item, made):
                yield from _claim(before, item, name, condition)
            if made:
                yield from _references(before, item, made)


def _conditions(before: Before, item: Written, made: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each constraint's name with the condition under which a new row breaks it."""
    catalogue = before.ground.trial.before
    values = {name: f"({value})" for name, value in made.items()}
    for column in catalogue.parts_of(item.relation, "column"):
        name = part(column)
        if name not in made:
            continue
        if column.attributes["not_null"] == "true":
            yield column.name, f"{values[name]} IS NULL"
        if too_long := _of_type(column, values[name], catalogue):
            yield column.name, too_long
        for check in catalogue.parts_of(column.attributes["type"], "domain constraint"):
            condition = check.attributes["definition"].removeprefix("CHECK ")
            yield check.name, f"NOT {with_value(condition, values[name])}"
    for check in catalogue.parts_of(item.relation, "constraint"):
        if check.attributes["type"] == "check" and _is_set(check, made):
            text = check.attributes["expression"]
            yield check.name, f"NOT ({in_production(text, values)})"


def _is_set(constraint: SchemaObject, made: dict[str, str]) -> bool:
    named = map(bare, listed(constraint.attributes.get("columns", "")))
    is_enforced = constraint.attributes.get("enforced") != "false"
    return is_enforced and not {bare(name) for name in made}.isdisjoint(named)


def _of_type(column: SchemaObject, value: str, catalogue: Catalogue) -> str:
    """Return the condition on values that a column's length or precision refuses.

    A plan leaves out the cast that an assignment makes, and shows one that cuts.
    """
    type_ = column.attributes["type"]
    old = "numeric" if type_.startswith("numeric(") else "text"
    if old == "text" and not type_.startswith("character"):
        return ""
    return misfit(old, type_, value, catalogue, 0)


def _references(before: Before, item: Written, made: dict[str, str]) -> Iterator[Claim]:
    """Yield the claim on each foreign key of which an UPDATE sets a column."""
    for key in before.ground.trial.before.parts_of(item.relation, "constraint"):
        if key.attributes["type"] != "foreign key" or not _is_set(key, made):
            continue
        parent = key.attributes.get("referenced", "")
        mine, theirs = (
            listed(key.attributes.get(name, "")) for name in ("columns", "referenced_columns")
        )
        text = " ".join([*(made.get(name, name) for name in mine), item.condition or ""])
        if all(_NULL.fullmatch(made.get(name, "")) for name in mine):
            continue
        columns = before.mentioned(item.relation, text)
        is_known = before.same(item.relation, columns) and before.same(parent, theirs)
        if is_known and before.is_kept(parent) and before.is_there(parent):
            yield before.claim(
                "update",
                f"the new values of {item.relation} have their rows in {parent}",
                item.relation,
                object=key.name,
                columns=mine,
                query=_orphans(item, made, mine, (parent, theirs)),
                reads=(item.relation, parent),
            )


def _orphans(
    item: Written,
    made: dict[str, str],
    mine: tuple[str, ...],
    parent: tuple[str, tuple[str, ...]],
) -> str:
    where = f" WHERE {item.condition}" if item.condition else ""
    new = ", ".join(f"{made.get(name, name)} AS k{n}" for n, name in enumerate(mine))
    filled = " AND ".join(f"new.k{n} IS NOT NULL" for n, _ in enumerate(mine))
    equal = " AND ".join(f"parent.{name} = new.k{n}" for n, name in enumerate(parent[1]))
    shown = ", ".join(f"new.k{n}::text AS {name}" for n, name in enumerate(mine))
    return (
        f"SELECT {shown} FROM (SELECT {new} FROM {item.relation}{where}) AS new "
        f"WHERE {filled} AND NOT EXISTS (SELECT FROM {parent[0]} AS parent WHERE {equal}) LIMIT 1"
    )


def _claim(before: Before, item: Written, name: str, condition: str) -> Iterator[Claim]:
    broken = f"({item.condition}) AND {condition}" if item.condition else condition
    columns = before.mentioned(item.relation, broken)
    if before.same(item.relation, columns):
        yield before.claim(
            "update",
            f"the new values of {item.relation} satisfy {name}",
            item.relation,
            object=name,
            columns=columns,
            query=before.ground.row_query(item.relation, columns, broken),
            reads=(item.relation,),
            misfit=broken,
        )
