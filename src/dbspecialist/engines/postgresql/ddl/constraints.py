"""Constraints of tables and domains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbspecialist.engines.postgresql.ddl.context import Context
from dbspecialist.engines.postgresql.ddl.words import made, part, plain
from dbspecialist.facts.catalogue import Catalogue, Difference, SchemaObject

#: What ALTER CONSTRAINT changes of a foreign key.
_ALTERABLE = frozenset({"deferrable", "enforced", "definition", "valid"})

#: Statements about a constraint's index that stand behind the one that adds the constraint.
ATTACHING = "ALTER INDEX "


def create(item: SchemaObject, catalogue: Catalogue) -> Iterator[str]:
    """Add a constraint; its index is attached to the parent's in a statement of its own."""
    if item.attributes["type"] == "not null" and not item.create:
        columns = item.attributes["columns"]
        yield f"ALTER TABLE {item.parent} ADD CONSTRAINT {part(item)} NOT NULL {columns}"
    for text in made(item):
        if not is_attaching(text):
            yield plain(catalogue, item.parent, text)


def is_attaching(text: str) -> bool:
    """Whether a statement attaches an index to the one of a parent."""
    return text.startswith(ATTACHING) and " ATTACH PARTITION " in text


def drop(item: SchemaObject, _: Catalogue) -> Iterator[str]:
    """Drop a constraint of a table or domain."""
    word = "DOMAIN" if item.kind == "domain constraint" else "TABLE"
    yield f"ALTER {word} {item.parent} DROP CONSTRAINT {part(item)}"


def alter(change: Difference, _: Context) -> list[str] | None:
    """Validate a constraint or change a foreign key's timing; nothing where it is made anew."""
    assert change.before is not None and change.after is not None
    was, now = change.before.attributes, change.after.attributes
    changed = set(change.changed)
    if changed <= {"index"} | _state_only(change):
        return []
    bare_before = was["definition"].removesuffix(" NOT VALID")
    if "valid" in was and changed <= {"valid", "definition"} and bare_before == now["definition"]:
        word = "DOMAIN" if change.after.kind == "domain constraint" else "TABLE"
        return [f"ALTER {word} {change.after.parent} VALIDATE CONSTRAINT {part(change.after)}"]
    if now["type"] == "foreign key" and changed <= _ALTERABLE and is_timing(was, now):
        return [
            f"ALTER TABLE {change.after.parent} ALTER CONSTRAINT {part(change.after)} {text}"
            for text in timing(was, now)
        ]
    return None


def _state_only(change: Difference) -> set[str]:
    """Name what follows from the parents' constraints."""
    assert change.before is not None and change.after is not None
    both = (change.before, change.after)
    return {"inherited"} if any("inherited" in side.attributes for side in both) else set()


def is_timing(was: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Whether two foreign keys differ in nothing but when and whether they are checked."""
    return bare(was["definition"]) == bare(now["definition"]) and (
        "valid" not in now or "enforced" in now
    )


def bare(definition: str) -> str:
    """Take the words about time and enforcement off a foreign key's definition."""
    for words in (" NOT VALID", " NOT ENFORCED", " INITIALLY DEFERRED", " DEFERRABLE"):
        definition = definition.removesuffix(words)
    return definition


def timing(was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    """Yield whether and when a foreign key is checked, where that differs."""
    if was.get("enforced") != now.get("enforced"):
        yield "NOT ENFORCED" if "enforced" in now else "ENFORCED"
    if was.get("deferrable") != now.get("deferrable"):
        state = now.get("deferrable")
        yield f"DEFERRABLE INITIALLY {state.upper()}" if state else "NOT DEFERRABLE"
