"""Objects found by the names that people give, with the nearest name where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.names import bare, parts

TABLES = ("table", "partitioned table")
_RELATIONS = frozenset(
    {*TABLES, "view", "materialized view", "sequence", "index", "foreign table", "partition"}
)


def relation(catalogue: Catalogue, name: str, kinds: Sequence[str], word: str) -> SchemaObject:
    """Find a relation by its name, with or without schema and quotes; `public` comes first.

    Raises:
        InputError: Where there is none, with the nearest name, or there are several.
    """
    there = list(catalogue.of_kind(*kinds))
    wanted = [bare(item) for item in parts(name.strip())]
    if not wanted or len(wanted) > 2:
        raise InputError(f"'{name}' names no {word}", "", "write NAME or SCHEMA.NAME")
    for folded in (wanted, [item.lower() for item in wanted]):
        fitting = [item for item in there if _fits(item.name, folded)]
        in_public = [item for item in fitting if parts(item.name)[0] == "public"]
        if len(fitting) == 1 or in_public:
            return (in_public or fitting)[0]
        if fitting:
            named = ", ".join(item.name for item in fitting)
            raise InputError(f"'{name}' names several: {named}", "", "write the schema")
    known = [item.name for item in there]
    raise InputError(f"there is no {word} {name}", "", nearest(wanted[-1], known))


def found(catalogue: Catalogue, name: str, kinds: Sequence[str]) -> SchemaObject | None:
    """Find a relation by its name, or nothing."""
    wanted = [bare(item) for item in parts(name.strip())]
    fitting = [item for item in catalogue.of_kind(*kinds) if _fits(item.name, wanted)]
    return fitting[0] if fitting else None


def constraint(catalogue: Catalogue, table: str, name: str) -> SchemaObject:
    """Find a constraint of a table by its name.

    Raises:
        InputError: Where there is none, with the nearest name.
    """
    there = list(catalogue.parts_of(table, "constraint"))
    for item in there:
        if bare(parts(item.name)[-1]) == bare(name.strip()):
            return item
    names = [parts(item.name)[-1] for item in there]
    raise InputError(f"there is no constraint {name} on {table}", "", nearest(name, names))


def refuse_taken(catalogue: Catalogue, whole: str) -> None:
    """Refuse a name that a relation has.

    Raises:
        InputError: With what has it.
    """
    for item in catalogue.objects:
        if item.name == whole and item.kind in _RELATIONS:
            raise InputError(f"{item.kind} {whole} is there already", "", "choose another name")


def key_of(catalogue: Catalogue, table: str) -> tuple[str, ...]:
    """Return the columns of the primary key, or of a unique constraint without NULLs."""
    found = {
        item.attributes["type"]: item
        for item in catalogue.parts_of(table, "constraint")
        if item.attributes.get("type") in ("primary key", "unique")
        and all(_is_required(catalogue, table, name) for name in columns_of(item))
    }
    chosen = found.get("primary key") or found.get("unique")
    return columns_of(chosen) if chosen else ()


def columns_of(constraint: SchemaObject) -> tuple[str, ...]:
    """Return the columns of a constraint, quoted as the engine quotes them."""
    return tuple(constraint.attributes.get("columns", "").split(", "))


def nearest(name: str, known: Iterable[str]) -> str:
    """Name the known name that is most like another, or the first few."""
    by_bare = {bare(parts(item)[-1]): item for item in known}
    near = get_close_matches(bare(name), by_bare, 1, 0.5)
    if near:
        return f"did you mean {by_bare[near[0]]}?"
    few = sorted(by_bare.values())[:8]
    return f"there are {', '.join(few)}" if few else "there are none"


def _is_required(catalogue: Catalogue, table: str, column: str) -> bool:
    item = catalogue.get("column", f"{table}.{column}")
    return item is not None and item.attributes.get("not_null") == "true"


def _fits(qualified: str, wanted: Sequence[str]) -> bool:
    return [bare(item) for item in parts(qualified)][-len(wanted) :] == list(wanted)
