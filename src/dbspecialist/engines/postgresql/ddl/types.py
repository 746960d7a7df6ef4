"""Enums, domains, composite types, ranges (manual, "ALTER TYPE" and "ALTER DOMAIN")."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.engines.postgresql.ddl.context import Context
from dbspecialist.engines.postgresql.ddl.words import names, owned, suffixed, target
from dbspecialist.facts.catalogue import Difference, SchemaObject

_LABEL = re.compile(r"E?'(?:[^']|'')*'")

#: What a type is called while columns move from it to the one that takes its place.
_REPLACED = "_replaced"


def alter_enum(change: Difference, _: Context) -> list[str] | None:
    """Add labels to an enum, or return nothing where some are gone or stand elsewhere."""
    assert change.before is not None and change.after is not None
    old = _LABEL.findall(change.before.attributes["labels"])
    new = _LABEL.findall(change.after.attributes["labels"])
    if [label for label in new if label in old] != old:
        return None
    return [*added_labels(change.after.name, old, new), *owner_changes(change)]


def added_labels(name: str, old: list[str], new: list[str]) -> Iterator[str]:
    """Write ADD VALUE for each new label, placed by the label before it or behind it."""
    for place, label in enumerate(new):
        if label in old:
            continue
        is_last = not any(other in old for other in new[place:])
        where = ""
        if old and not is_last:
            where = f" AFTER {new[place - 1]}" if place else f" BEFORE {new[1]}"
        if not place and len(new) > 1 and new[1] not in old:
            where = f" BEFORE {old[0]}" if old else ""
        yield f"ALTER TYPE {name} ADD VALUE {label}{where}"


def alter_domain(change: Difference, _: Context) -> list[str] | None:
    """Change a domain's default and NOT NULL, or return nothing for another base type."""
    assert change.before is not None and change.after is not None
    was, now = change.before.attributes, change.after.attributes
    if {"type", "collation", "not_null_constraint"} & set(change.changed):
        return None
    found, domain = [], f"ALTER DOMAIN {change.after.name}"
    if was.get("default") != now.get("default"):
        default = now.get("default")
        found.append(f"{domain} SET DEFAULT {default}" if default else f"{domain} DROP DEFAULT")
    if was["not_null"] != now["not_null"]:
        found.append(f"{domain} {'SET' if now['not_null'] == 'true' else 'DROP'} NOT NULL")
    return [*found, *owner_changes(change)]


def alter_owner(change: Difference, _: Context) -> list[str] | None:
    """Change an object's owner, or return nothing where more differs."""
    return list(owner_changes(change)) if set(change.changed) == {"owner"} else None


def owner_changes(change: Difference) -> Iterator[str]:
    """Write the statement for another owner."""
    if "owner" in change.changed and change.after and "owner" in change.after.attributes:
        yield owned(change.after)


def replaced_name(item: SchemaObject) -> str:
    """Return the name, without schema, that a type has while it is being replaced."""
    return suffixed(names(item.name)[-1].strip('"'), _REPLACED)


def set_aside(item: SchemaObject) -> str:
    """Give a type the name under which its columns leave it."""
    return f"ALTER {target(item)} RENAME TO {replaced_name(item)}"


def drop_replaced(item: SchemaObject) -> str:
    """Drop the type that was set aside."""
    return f"DROP {target(item)}"[: -len(names(item.name)[-1])] + replaced_name(item)
