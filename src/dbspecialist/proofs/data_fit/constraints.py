"""Claims that constraints and unique indexes need."""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.postgresql.index_definition import (
    IndexParts,
    index_parts,
    key_expression,
)
from dbspecialist.engines.postgresql.tokens import tokens
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.data_fit import Claim
from dbspecialist.proofs.data_fit.ground import Ground, expression, in_production, mentions, part


def constraint_claims(ground: Ground) -> Iterator[Claim]:
    """Yield what constraints need that the migration adds or validates."""
    for item in ground.trial.differences:
        made = item.after
        if made is None or made.attributes.get("valid") == "false":
            continue
        if made.kind == "constraint" and (item.before is None or "valid" in item.changed):
            yield from _constraint(ground, made)
        elif made.kind == "domain constraint":
            yield from _domain(ground, made)
        elif made.kind == "index" and item.before is None:
            yield from _unique(ground, made)


def _constraint(ground: Ground, made: SchemaObject) -> Iterator[Claim]:
    if made.attributes.get("enforced") == "false" or not _is_filled(ground, made):
        return
    if _is_renamed(ground, made):
        return
    if made.attributes["type"] == "check" and "inherited" not in made.attributes:
        yield from _check(ground, made)
    elif made.attributes["type"] == "foreign key":
        yield from _references(ground, made)


def _is_filled(ground: Ground, made: SchemaObject) -> bool:
    index = _adding(ground, made)
    return ground.is_filled(ground.then(made, "", index)[0], index)


def _is_renamed(ground: Ground, made: SchemaObject) -> bool:
    """Tell whether a constraint was there, and valid, under another name."""
    return ground.trial.before.get("constraint", made.name) is None and any(
        ground.trial.after.get("constraint", item.name) is None
        and {**item.attributes, "index": ""} == {**made.attributes, "index": ""}
        for item in ground.trial.before.parts_of(made.parent, "constraint")
    )


def _check(ground: Ground, made: SchemaObject) -> Iterator[Claim]:
    columns = _listed(made.attributes.get("columns", ""))
    if not _all_there(ground, made, columns, _adding(ground, made)):
        return
    condition = made.attributes["expression"]
    yield ground.claim(
        "check",
        f"every row of {made.parent} satisfies {part(made)}",
        made,
        columns,
        _adding(ground, made),
        misfit=f"NOT ({condition})",
        obstacle=_unasked(ground, part(made), condition),
    )


def _domain(ground: Ground, made: SchemaObject) -> Iterator[Claim]:
    """Yield a claim for each column of a domain that gets a check."""
    condition = made.attributes["definition"].removeprefix("CHECK ")
    for column in ground.trial.before.of_kind("column"):
        index = _adding(ground, made)
        if column.attributes["type"] != made.parent or not ground.is_filled(column.parent, index):
            continue
        name = part(column)
        yield ground.claim(
            "check",
            f"every value of {column.name} satisfies {part(made)} of {made.parent}",
            SchemaObject("constraint", made.name, column.parent),
            (name,),
            _adding(ground, made),
            misfit=f"NOT ({_with_value(condition, name)})",
            obstacle=_unasked(ground, part(made), condition),
        )


def _references(ground: Ground, made: SchemaObject) -> Iterator[Claim]:
    columns = _listed(made.attributes.get("columns", ""))
    parent = made.attributes.get("referenced", "")
    if not parent or not _all_there(ground, made, columns, _adding(ground, made)):
        return
    if _holds_null(ground, made, columns):
        return
    obstacle = "it compares periods" if "PERIOD" in made.attributes["definition"] else ""
    yield ground.claim(
        "references",
        f"every row of {made.parent} with {', '.join(columns)} has its row in {parent}",
        made,
        columns,
        _adding(ground, made),
        references=(parent,),
        referenced=_referenced(ground, made, columns),
        query=_orphans(ground, made, columns),
        obstacle=obstacle,
    )


def _holds_null(ground: Ground, made: SchemaObject, columns: tuple[str, ...]) -> bool:
    """Tell whether the run itself makes a key NULL in every row: it refers to nothing then."""
    _, sources = ground.sources(made, columns, _adding(ground, made))
    nulls = [source.value.startswith("CAST(NULL AS ") for source in sources.values()]
    unsaid = any(source.changed for source in sources.values())
    is_full = "MATCH FULL" in made.attributes["definition"]
    return not unsaid and (all(nulls) if is_full else any(nulls))


def _referenced(ground: Ground, made: SchemaObject, columns: tuple[str, ...]) -> tuple[str, ...]:
    index = _adding(ground, made)
    _, sources = ground.sources(made, columns, index)
    state, parent = ground.state(index), made.attributes["referenced"]
    found = [state.source(parent, name) for name in _listed(made.attributes["referenced_columns"])]
    if any(source.origin is None or source.changed for source in (*found, *sources.values())):
        return ()
    return tuple(source.origin[1] for source in found if source.origin)


def _orphans(ground: Ground, made: SchemaObject, columns: tuple[str, ...]) -> str:
    """Write the query for one row without its parent (MATCH SIMPLE lets any NULL pass)."""
    index = _adding(ground, made)
    relation, sources = ground.sources(made, columns, index)
    child = ground.name(relation, index)
    parent = ground.name(made.attributes["referenced"], index)
    mine = {
        name: f"child.{source.origin[1]}" if source.origin else source.value
        for name, source in sources.items()
    }
    pairs = zip(columns, _listed(made.attributes["referenced_columns"]), strict=True)
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


def _unique(ground: Ground, made: SchemaObject) -> Iterator[Claim]:
    parts = index_parts(made)
    columns = tuple(name for name in parts.columns if name)
    if not parts.unique or "attached_to" in made.attributes:
        return
    index = next(
        (n for n, item in enumerate(ground.trial.statements) if made.name in item.index_builds),
        ground.statement_about(made.parent, part(made)),
    )
    relation, sources = ground.sources(made, columns, index)
    if not ground.is_filled(relation, index) or not _all_there(ground, made, columns, index):
        return
    if not _is_built(ground, made, relation):
        return  # it was there under another name
    keys = [key_expression(key) for key in parts.keys]
    text = f"the values of {', '.join(keys)} in {made.parent} are all different"
    there = {name: expression(source) for name, source in sources.items()}
    yield ground.claim(
        "unique",
        text,
        made,
        columns,
        index,
        query=_repeats(ground.name(relation, index), parts, there),
        obstacle=_unasked(ground, "", " ".join([*keys, parts.predicate])),
    )


def _is_built(ground: Ground, made: SchemaObject, relation: str) -> bool:
    family = {*ground.family(made.parent), *ground.family(relation), relation}
    return any(family & set(item.index_builds.values()) for item in ground.trial.statements)


def _repeats(table: str, parts: IndexParts, there: dict[str, str]) -> str:
    """Write the query for one repeated key; a NULL in it makes it differ from all others."""
    keys = [in_production(key_expression(key), there) for key in parts.keys]
    conditions = [in_production(parts.predicate, there)] if parts.predicate else []
    if "NULLS NOT DISTINCT" not in parts.rest:
        conditions += [f"{key} IS NOT NULL" for key in keys]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    shown = ", ".join(f"({key})::text" if " " in key else f"{key}::text" for key in keys)
    return (
        f"SELECT {shown}, count(*)::text FROM {table}{where} "
        f"GROUP BY {', '.join(keys)} HAVING count(*) > 1 LIMIT 1"
    )


def _adding(ground: Ground, made: SchemaObject) -> int | None:
    """Return the place of the last statement that made the constraint valid."""
    found = [
        number
        for number, statement in enumerate(ground.trial.statements)
        for change in statement.constraints
        if change.name == part(made)
        and change.relation == ground.then(made, "", number)[0]
        and change.valid
    ]
    return found[-1] if found else None


def _unasked(ground: Ground, name: str, expression: str) -> str:
    """Say why an expression is not run on production: it may do more than read.

    Args:
        name: The constraint, or "" for an index: the engine takes immutable ones only there.
        expression: What would be run.
    """
    changes = [
        change
        for statement in ground.trial.statements
        for change in statement.constraints
        if change.name == name
    ]
    if name and not changes:
        return f"the statement that adds {name} was not observed"
    for text in (text for change in changes for text in change.unstable):
        if "(volatile)" in text:
            return f"it calls {text}"
    for trial in ground.run.trials:
        for item in trial.differences:
            if item.after is None or item.after.kind not in _CODE:
                continue
            bare = item.after.name.partition("(")[0].rpartition(".")[2]
            if mentions(expression, bare):
                return f"{item.after.name} is made or changed by this run"
    return ""


_CODE = frozenset({"function", "operator", "cast", "aggregate"})


def _all_there(
    ground: Ground, made: SchemaObject, columns: tuple[str, ...], index: int | None
) -> bool:
    """Tell whether production tells the columns' values, or the run gives all rows one."""
    _, sources = ground.sources(made, columns, index)
    return all(source.origin or source.value for source in sources.values())


def _listed(names: str) -> tuple[str, ...]:
    return tuple(names.split(", ")) if names else ()


def _with_value(condition: str, column: str) -> str:
    """Put a column in the place of VALUE."""
    words = [condition[token.start : token.end] for token in tokens(condition, "")]
    return "".join(column if word == "VALUE" else word for word in words)
