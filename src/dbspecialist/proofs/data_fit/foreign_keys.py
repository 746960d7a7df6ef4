"""Claims that foreign keys need: every row has the row that it refers to."""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.data_fit import Claim
from dbspecialist.proofs.data_fit.adding import adding, all_there, listed
from dbspecialist.proofs.data_fit.ground import Ground


def reference_claims(ground: Ground, made: SchemaObject) -> Iterator[Claim]:
    """Yield what a foreign key needs of both tables, where production tells it."""
    columns = listed(made.attributes.get("columns", ""))
    parent = made.attributes.get("referenced", "")
    if not parent or not all_there(ground, made, columns, adding(ground, made)):
        return
    if _holds_null(ground, made, columns):
        return
    obstacle = "it compares periods" if "PERIOD" in made.attributes["definition"] else ""
    yield ground.claim(
        "references",
        f"every row of {made.parent} with {', '.join(columns)} has its row in {parent}",
        made,
        columns,
        adding(ground, made),
        references=(parent,),
        referenced=_referenced(ground, made, columns),
        given=_given(ground, made, columns),
        query=_orphans(ground, made, columns),
        obstacle=obstacle,
    )


def _holds_null(ground: Ground, made: SchemaObject, columns: tuple[str, ...]) -> bool:
    """Tell whether the run itself makes a key NULL in every row: it refers to nothing then."""
    _, sources = ground.sources(made, columns, adding(ground, made))
    nulls = [source.value.startswith("CAST(NULL AS ") for source in sources.values()]
    unsaid = any(source.changed for source in sources.values())
    is_full = "MATCH FULL" in made.attributes["definition"]
    return not unsaid and (all(nulls) if is_full else any(nulls))


def _referenced(ground: Ground, made: SchemaObject, columns: tuple[str, ...]) -> tuple[str, ...]:
    index = adding(ground, made)
    _, sources = ground.sources(made, columns, index)
    state, parent = ground.state(index), made.attributes["referenced"]
    found = [state.source(parent, name) for name in listed(made.attributes["referenced_columns"])]
    if any(source.origin is None or source.changed for source in found):
        return ()
    is_told = len(sources) == 1 and any(source.value for source in sources.values())
    if any(source.changed or not (source.origin or is_told) for source in sources.values()):
        return ()
    return tuple(source.origin[1] for source in found if source.origin)


def _given(ground: Ground, made: SchemaObject, columns: tuple[str, ...]) -> str:
    """Return the one value that the run gives a key of one column, as an expression, or ""."""
    _, sources = ground.sources(made, columns, adding(ground, made))
    values = ["" if source.changed else source.value for source in sources.values()]
    return values[0] if len(values) == 1 else ""


def _orphans(ground: Ground, made: SchemaObject, columns: tuple[str, ...]) -> str:
    """Write the query for one row without its parent (MATCH SIMPLE lets any NULL pass)."""
    index = adding(ground, made)
    relation, sources = ground.sources(made, columns, index)
    child = ground.name(relation, index)
    parent = ground.name(made.attributes["referenced"], index)
    mine = {
        name: f"child.{source.origin[1]}" if source.origin else source.value
        for name, source in sources.items()
    }
    pairs = zip(columns, listed(made.attributes["referenced_columns"]), strict=True)
    shown = ", ".join(f"{name}::text" for name in mine.values())
    together = " OR " if "MATCH FULL" in made.attributes["definition"] else " AND "
    filled = together.join(f"{name} IS NOT NULL" for name in mine.values())
    equal = " AND ".join(
        f"parent.{there} {_equals(ground, f'{made.parent}.{here}')} {mine[here]}"
        for here, there in pairs
    )
    return (
        f"SELECT {shown} FROM {child} AS child WHERE ({filled}) AND NOT EXISTS "
        f"(SELECT FROM {parent} AS parent WHERE {equal}) LIMIT 1"
    )


def _equals(ground: Ground, column: str) -> str:
    """Return the equality of a column's type: an extension's stands in the type's schema."""
    found = ground.trial.before.get("column", column)
    name = found.attributes["type"] if found else ""
    own = any(ground.trial.before.get(kind, name) for kind in ("enum", "domain", "composite type"))
    schema, dot, _ = name.rpartition(".")
    return f"OPERATOR({schema}.=)" if dot and not own else "="
