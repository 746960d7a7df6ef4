"""Schemas, extensions, extended statistics, publications and foreign servers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.engines.postgresql.ddl.context import Context
from dbspecialist.engines.postgresql.ddl.types import owner_changes
from dbspecialist.engines.postgresql.ddl.words import made
from dbspecialist.facts.catalogue import Catalogue, Difference, SchemaObject


def create_schema(item: SchemaObject, _: Catalogue) -> Iterator[str]:
    """Create a schema."""
    yield from (text.replace(" IF NOT EXISTS", "", 1) for text in made(item))


def alter_extension(change: Difference, _: Context) -> list[str] | None:
    """Move an extension to another schema or version."""
    assert change.after is not None
    name, now = change.after.name, change.after.attributes
    found = []
    if "schema" in change.changed:
        found.append(f"ALTER EXTENSION {name} SET SCHEMA {now['schema']}")
    if "version" in change.changed:
        found.append(f"ALTER EXTENSION {name} UPDATE TO '{now['version']}'")
    return found


def alter_statistics(change: Difference, _: Context) -> list[str] | None:
    """Change the target of extended statistics or their owner."""
    assert change.after is not None
    if "definition" in change.changed:
        return None
    found = list(owner_changes(change))
    if "statistics" in change.changed:
        number = change.after.attributes.get("statistics", "-1")
        found.append(f"ALTER STATISTICS {change.after.name} SET STATISTICS {number}")
    return found


def alter_publication(change: Difference, _: Context) -> list[str] | None:
    """Change a publication's members and options; one that ceases to have some is made anew."""
    assert change.before is not None and change.after is not None
    was, now = change.before.attributes, change.after.attributes
    found = list(owner_changes(change))
    publication = f"ALTER PUBLICATION {change.after.name}"
    if "members" in change.changed:
        if "ALL TABLES" in (was.get("members"), now.get("members")) or "members" not in now:
            return None
        found.append(f"{publication} SET {now['members']}")
    if "options" in change.changed:
        found.append(f"{publication} SET ({now['options']})")
    return found


def alter_server(change: Difference, _: Context) -> list[str] | None:
    """Change a foreign server's version, options and owner, or those of a wrapper."""
    assert change.before is not None and change.after is not None
    if not set(change.changed) <= {"options", "version", "owner"}:
        return None
    was, now = (server_options(side) for side in (change.before, change.after))
    parts = [f"DROP {name}" for name in was if name not in now]
    for name, value in now.items():
        if was.get(name) != value:
            parts.append(f"{'SET' if name in was else 'ADD'} {name} {value}")
    server = f"ALTER {change.after.kind.upper()} {change.after.name}"
    found = [f"{server} OPTIONS ({', '.join(parts)})"] if parts else []
    if "version" in change.changed:
        found.insert(0, f"{server} VERSION '{change.after.attributes.get('version', '')}'")
    return [*found, *owner_changes(change)]


def server_options(item: SchemaObject) -> dict[str, str]:
    """Read OPTIONS (…) as the catalogue writes it."""
    return dict(
        re.findall(r'("[^"]+") (E?\'(?:[^\']|\'\')*\')', item.attributes.get("options", ""))
    )
