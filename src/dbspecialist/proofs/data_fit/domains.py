"""Claims that domains need of the columns that get them: new columns, and old ones with values."""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.data_fit import Claim
from dbspecialist.facts.effects import ColumnChange
from dbspecialist.proofs.data_fit.adding import unasked, with_value
from dbspecialist.proofs.data_fit.columns import is_plain_cast
from dbspecialist.proofs.data_fit.ground import Ground, part


def domain_claims(ground: Ground) -> Iterator[Claim]:
    """Yield what the constraints of a domain need of the values that a column gets or has.

    Source: PostgreSQL manual, "CREATE DOMAIN"; "ALTER TABLE", ADD COLUMN: old rows get the
    column's default, or its domain's.
    """
    for index, statement in enumerate(ground.trial.statements):
        for change in statement.columns:
            column = change.after
            if column is None or column.attributes.get("local") == "false":
                continue
            if not tested(ground.trial.after, column) or not ground.is_filled(column.parent, index):
                continue
            yield from _claims(ground, index, change, column)


def tested(catalogue: Catalogue, column: SchemaObject) -> list[SchemaObject]:
    """Return the domain of a column and those that it stands on; nothing for any other type."""
    found, domain = [], catalogue.get("domain", column.attributes["type"])
    while domain is not None:
        found.append(domain)
        domain = catalogue.get("domain", domain.attributes["type"])
    return found


def _claims(
    ground: Ground, index: int, change: ColumnChange, column: SchemaObject
) -> Iterator[Claim]:
    domains = tested(ground.trial.after, column)
    base, name = domains[-1].attributes["type"], part(column)
    columns: tuple[str, ...] = ()
    if change.before is None:
        value = _given(column, domains)
    elif change.before.attributes["type"] != column.attributes["type"]:
        is_plain = is_plain_cast(ground, index, name)
        value, columns = (name if is_plain else ""), (name,)
    else:
        return
    if not value:
        return
    for item, condition in _conditions(ground.trial.after, domains, f"({value})::{base}"):
        yield ground.claim(
            "check",
            f"every value of {column.name} satisfies {item.name}",
            SchemaObject("column", item.name, column.parent),
            columns,
            index,
            misfit=condition,
            obstacle=_unasked(ground, item, condition),
        )


def _given(column: SchemaObject, domains: list[SchemaObject]) -> str:
    """Return what old rows get in a new column; "" where it is computed."""
    if {"identity", "generated"} & column.attributes.keys():
        return ""
    defaults = (item.attributes.get("default") for item in (column, *domains))
    default = next(filter(None, defaults), "NULL")
    return "" if "(" in default else default


def _conditions(
    catalogue: Catalogue, domains: list[SchemaObject], value: str
) -> Iterator[tuple[SchemaObject, str]]:
    """Yield each domain that is NOT NULL, and each check, with the condition that breaks it."""
    for domain in domains:
        if domain.attributes["not_null"] == "true":
            yield domain, f"{value} IS NULL"
        for check in catalogue.parts_of(domain.name, "domain constraint"):
            condition = check.attributes["definition"].removeprefix("CHECK ")
            condition = condition.removesuffix(" NOT VALID")
            yield check, f"NOT ({with_value(condition, value)})"


def _unasked(ground: Ground, item: SchemaObject, condition: str) -> str:
    """Say why a check is not run on production; one that was there before it knows already."""
    is_known = ground.production.get(item.kind, item.name) is not None
    return unasked(ground, "" if is_known or item.kind == "domain" else part(item), condition)
