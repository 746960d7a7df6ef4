"""How statements call objects, and statements taken apart."""

from __future__ import annotations

import re

from dbspecialist.engines.postgresql.script import split_script
from dbspecialist.facts.catalogue import Catalogue, SchemaObject

_PART = re.compile(r'"(?:[^"]|"")*"|[^."]+')
_OWNER = re.compile(r'ALTER .+ OWNER TO (?:"(?:[^"]|"")*"|\S+)', re.DOTALL)
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")

#: The longest name, in bytes (manual, "Lexical Structure").
LONGEST = 63

#: Words of DROP and ALTER where they are not the kind in capitals.
_WORDS = {
    "enum": "TYPE",
    "composite type": "TYPE",
    "range": "TYPE",
    "aggregate": "ROUTINE",
}

#: Kinds that DROP names together with the relation that they are on.
ON_RELATION = frozenset({"trigger", "rule", "policy"})


def word(kind: str) -> str:
    """Return what DROP and ALTER call a kind."""
    return _WORDS.get(kind, kind.upper())


def names(qualified: str) -> list[str]:
    """Split a qualified name into its quoted parts."""
    return _PART.findall(qualified)


def part(item: SchemaObject) -> str:
    """Return an object's name without the relation or schema before it, quoted as it is."""
    if item.parent and item.name.startswith(f"{item.parent}."):
        return item.name[len(item.parent) + 1 :]
    return names(item.name)[-1]


def schema(qualified: str) -> str:
    """Return the schema of a qualified name."""
    return names(qualified)[0]


def target(item: SchemaObject) -> str:
    """Return how ALTER and DROP call an object: `TABLE public.users`."""
    if item.kind in ON_RELATION:
        return f"{word(item.kind)} {part(item)} ON {item.parent}"
    if item.kind == "operator":
        left = item.attributes.get("leftarg", "NONE")
        name = item.name.partition("(")[0]
        return f"OPERATOR {name} ({left}, {item.attributes['rightarg']})"
    return f"{word(item.kind)} {item.name}"


def split(text: str) -> tuple[str, ...]:
    """Split the text of several statements into them."""
    return tuple(item.sql for item in split_script(text))


def made(item: SchemaObject) -> tuple[str, ...]:
    """Return the statements that make an object, without its owner where owners do not count."""
    if not item.create:
        return ()
    found = split(item.create)
    if "owner" in item.attributes:
        return found
    return tuple(text for text in found if not _OWNER.fullmatch(text))


def owned(item: SchemaObject) -> str:
    """Write the statement that gives an object its owner."""
    return f"ALTER {target(item)} OWNER TO {item.attributes['owner']}"


def has_children(catalogue: Catalogue, relation: str) -> bool:
    """Whether a table has partitions or tables that inherit from it."""
    return any(item.parent == relation for item in catalogue.of_kind("partition")) or any(
        relation in item.attributes.get("inherits", "").split(", ")
        for item in catalogue.of_kind("table")
    )


def plain(catalogue: Catalogue, relation: str, text: str) -> str:
    """Leave ONLY out where a table has no children."""
    if f"TABLE ONLY {relation} " not in text or has_children(catalogue, relation):
        return text
    return text.replace(f"TABLE ONLY {relation} ", f"TABLE {relation} ", 1)


def own_name(table: str, column: str) -> str:
    """Return the name that the engine gives the NOT NULL of a column (18)."""
    table_name, column_name = names(table)[-1].strip('"'), column.strip('"')
    return suffixed(f"{table_name}_{column_name}", "_not_null")


def suffixed(name: str, suffix: str) -> str:
    """Put a suffix of the tool behind an unquoted name and quote the whole where it needs it."""
    whole = name[: LONGEST - len(suffix)] + suffix
    return whole if _PLAIN.fullmatch(whole) else f'"{whole}"'
