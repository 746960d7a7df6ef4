"""Indexes of their own; those behind constraints come and go with these."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dbspecialist.engines.postgresql.ddl.constraints import is_attaching
from dbspecialist.engines.postgresql.ddl.context import Context
from dbspecialist.engines.postgresql.ddl.options import option_changes
from dbspecialist.engines.postgresql.ddl.words import made, part, plain
from dbspecialist.facts.catalogue import Catalogue, Difference, SchemaObject

_TARGET = re.compile(r"ALTER COLUMN (\d+) SET STATISTICS (\d+)")


def create(item: SchemaObject, catalogue: Catalogue) -> Iterator[str]:
    """Create an index; it is attached to the parent's in a statement of its own."""
    for text in made(item):
        if text.startswith("UPDATE ") or is_attaching(text):
            continue
        yield plain(catalogue, item.parent, text.replace(" USING btree ", " ", 1))


def attaching(item: SchemaObject) -> str:
    """Attach a partition's index to the one of the parent."""
    return f"ALTER INDEX {item.attributes['attached_to']} ATTACH PARTITION {item.name}"


def alter(change: Difference, _: Context) -> list[str] | None:
    """Change what is not the definition: clustering, replica identity, statistics, validity."""
    assert change.before is not None and change.after is not None
    was, now, item = change.before.attributes, change.after.attributes, change.after
    if is_built_anew(was, now):
        return None
    return list(index_changes(change.before, item))


def is_built_anew(was: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Whether the index itself differs, and not what is said about it."""
    return without_options(was["definition"]) != without_options(now["definition"]) or any(
        was.get(name) != now.get(name) for name in ("constraint", "method")
    )


def without_options(definition: str) -> tuple[str, str]:
    """Take WITH (…) out of an index's definition."""
    head, _, rest = definition.partition(" WITH (")
    return head, rest.partition(")")[2]


def with_options(definition: str) -> str:
    """Return the inside of an index's WITH (…)."""
    return definition.partition(" WITH (")[2].partition(")")[0]


def index_changes(before: SchemaObject, item: SchemaObject) -> Iterator[str]:
    """Yield the changes of an index that stays."""
    sides = (before, item)
    was, now = (side.attributes for side in sides)
    alter = f"ALTER INDEX {item.name}"
    old, new = with_options(was["definition"]), with_options(now["definition"])
    yield from option_changes(alter, old, new)
    if was.get("valid") != now.get("valid"):
        yield f"REINDEX INDEX {item.name}"
    if was.get("clustered") != now.get("clustered"):
        on = f"CLUSTER ON {part(item)}" if "clustered" in now else "SET WITHOUT CLUSTER"
        yield f"ALTER TABLE {item.parent} {on}"
    if "replica_identity" in now and "replica_identity" not in was:
        yield f"ALTER TABLE {item.parent} REPLICA IDENTITY USING INDEX {part(item)}"
    if was.get("tablespace") != now.get("tablespace"):
        yield f"{alter} SET TABLESPACE {now.get('tablespace', 'pg_default')}"
    old_targets, new_targets = (dict(_TARGET.findall(side.create)) for side in sides)
    yield from statistics_changes(old_targets, new_targets, alter)


def statistics_changes(was: dict[str, str], now: dict[str, str], alter: str) -> Iterator[str]:
    """Set the statistics targets of an index's columns, given by their numbers."""
    for number in sorted({*was, *now}):
        if was.get(number) != now.get(number):
            yield f"{alter} ALTER COLUMN {number} SET STATISTICS {now.get(number, '-1')}"
