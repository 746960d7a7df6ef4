"""Sequences (manual, "ALTER SEQUENCE")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbspecialist.engines.postgresql.ddl.context import Context
from dbspecialist.engines.postgresql.ddl.words import made, owned
from dbspecialist.facts.catalogue import Catalogue, Difference, SchemaObject

_CLAUSES = {
    "type": "AS",
    "start": "START WITH",
    "increment": "INCREMENT BY",
    "minimum": "MINVALUE",
    "maximum": "MAXVALUE",
    "cache": "CACHE",
}


def parameters(have: Mapping[str, str]) -> str:
    """Write all parameters of a sequence but its type."""
    clauses = [f"{word} {have[name]}" for name, word in _CLAUSES.items() if name != "type"]
    return " ".join((*clauses, "CYCLE" if "cycle" in have else "NO CYCLE"))


def create(item: SchemaObject, _: Catalogue) -> Iterator[str]:
    """Create a sequence; what a type's bounds say is left out."""
    clauses = parameters(item.attributes)
    for text in made(item):
        head, found, _rest = text.partition(clauses)
        short = " ".join((head.rstrip(), *unusual(item.attributes))) if found else text
        yield short.replace(" AS bigint", "", 1)


#: The bounds of the sequence types (manual, "Numeric Types").
_LARGEST = {
    "smallint": "32767",
    "integer": "2147483647",
    "bigint": "9223372036854775807",
}


def unusual(have: Mapping[str, str]) -> Iterator[str]:
    """Write the parameters that an ascending sequence does not have by itself."""
    usual = {
        "start": have["minimum"],
        "increment": "1",
        "minimum": "1",
        "maximum": _LARGEST.get(have["type"], ""),
        "cache": "1",
    }
    for name, value in usual.items():
        if have[name] != value:
            yield f"{_CLAUSES[name]} {have[name]}"
    if "cycle" in have:
        yield "CYCLE"


def alter(change: Difference, _: Context) -> list[str] | None:
    """Change a sequence's parameters, owner and persistence; its value stays."""
    assert change.before is not None and change.after is not None
    item, was, now = change.after, change.before.attributes, change.after.attributes
    is_identity = "identity" in was or "identity" in now
    moved = was.get("owned_by") != now.get("owned_by")
    if was.get("identity") != now.get("identity") or (is_identity and moved):
        return None
    clauses = [f"{word} {now[name]}" for name, word in _CLAUSES.items() if was[name] != now[name]]
    if was.get("cycle") != now.get("cycle"):
        clauses.append("CYCLE" if "cycle" in now else "NO CYCLE")
    found = [f"ALTER SEQUENCE {item.name} {' '.join(clauses)}"] if clauses else []
    if was.get("persistence") != now.get("persistence"):
        word = "UNLOGGED" if now.get("persistence") else "LOGGED"
        found.append(f"ALTER SEQUENCE {item.name} SET {word}")
    # A sequence that belongs to a column has the owner of the table.
    if was.get("owner") != now.get("owner") and "owner" in now and "owned_by" not in now:
        found.append(owned(item))
    return found


def owning(item: SchemaObject) -> str:
    """Write which column a sequence belongs to."""
    owner = item.attributes.get("owned_by", "NONE")
    return f"ALTER SEQUENCE {item.name} OWNED BY {owner}"
