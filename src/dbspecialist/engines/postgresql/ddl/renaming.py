"""ALTER … RENAME TO (manual, "ALTER TABLE")."""

from __future__ import annotations

from dbspecialist.engines.postgresql.ddl.words import names, part, schema, target
from dbspecialist.facts.catalogue import SchemaObject


def rename(item: SchemaObject, new: str) -> tuple[str, ...]:
    """Give an object another name, and another schema where the new name is in one.

    Args:
        item: The object.
        new: Its new name as the catalogue writes it.
    """
    last = names(new)[-1]
    if item.kind == "column":
        return (f"ALTER TABLE {item.parent} RENAME COLUMN {part(item)} TO {last}",)
    if item.kind == "constraint":
        return (f"ALTER TABLE {item.parent} RENAME CONSTRAINT {part(item)} TO {last}",)
    found = []
    if names(item.name)[-1] != last:
        found.append(f"ALTER {target(item)} RENAME TO {last}")
    if schema(item.name) != schema(new):
        word = target(item).removesuffix(item.name)
        found.append(f"ALTER {word}{schema(item.name)}.{last} SET SCHEMA {schema(new)}")
    return tuple(found)
