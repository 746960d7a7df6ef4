"""Claims that DELETEs and UPDATEs of keys need: that no row refers to what they remove."""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.data_fit import Claim
from dbspecialist.facts.names import bare, listed
from dbspecialist.facts.written import Written
from dbspecialist.proofs.data_fit.before import Before
from dbspecialist.proofs.data_fit.ground import Ground, in_production

#: What a foreign key does that refuses the removal of a row that is referred to.
_REFUSING = frozenset({"no action", "restrict"})


def delete_claims(ground: Ground) -> Iterator[Claim]:
    """Yield what each DELETE, and UPDATE of keys, needs of the tables that refer to its own."""
    for index, statement in enumerate(ground.trial.statements):
        for item in statement.writes:
            if item.operation in {"delete", "update"} and statement.error is None:
                yield from _of(Before(ground, index), item)


def _of(before: Before, item: Written) -> Iterator[Claim]:
    for key in before.ground.trial.before.of_kind("constraint"):
        if key.attributes.get("referenced") != item.relation:
            continue
        is_deferred = key.attributes.get("deferrable") == "deferred"  # mended before the commit
        action = key.attributes["on_delete" if item.operation == "delete" else "on_update"]
        if action not in _REFUSING or is_deferred:
            continue
        if item.operation == "update" and not _changed(before, item, key):
            continue
        if key.attributes.get("enforced") == "false" or key.parent == item.relation:
            continue
        if not (before.is_there(item.relation) and before.is_there(key.parent)):
            continue
        if before.is_kept(key.parent) and before.is_kept(item.relation):
            yield from _unreferenced(before, item, key)


def _unreferenced(before: Before, item: Written, key: SchemaObject) -> Iterator[Claim]:
    mine = tuple(listed(key.attributes["columns"]))
    theirs = tuple(listed(key.attributes["referenced_columns"]))
    if not (before.same(key.parent, mine) and before.same(item.relation, theirs)):
        return
    own = _condition(before, item, key)
    named = before.mentioned(item.relation, own)
    if not before.same(item.relation, named):
        return
    # A valid key's values are those of parents, so that conditions on them hold for both sides.
    pairs = dict(zip(theirs, mine, strict=True))
    misfit = ""
    if own and len(mine) == 1 and {*named} <= {*theirs} and "valid" not in key.attributes:
        misfit = f"({in_production(own, pairs)}) AND {mine[0]} IS NOT NULL"
    what = "is deleted" if item.operation == "delete" else "gets another key"
    yield before.claim(
        "children",
        f"no row of {key.parent} refers to a row of {item.relation} that {what}",
        item.relation,
        object=key.name,
        columns=mine,
        query=_query(item, key, pairs, own) if own else "",
        reads=(key.parent, item.relation),
        misfit=misfit,
    )


def _changed(before: Before, item: Written, key: SchemaObject) -> dict[str, str]:
    """Return the new values of referenced columns that an UPDATE sets, "" where not told."""
    theirs = listed(key.attributes["referenced_columns"])
    made = before.made(item)
    named = {bare(name) for name in before.statement.columns_set.get(item.relation, ())}
    return {name: made.get(name, "") for name in theirs if bare(name) in named}


def _condition(before: Before, item: Written, key: SchemaObject) -> str:
    """Write the condition on rows whose key goes, or "" where it is not told."""
    if item.condition is None:
        return ""
    if item.operation == "delete":
        return item.condition or "true"
    made = _changed(before, item, key)
    if not all(made.values()):
        return ""
    other = " OR ".join(f"{name} IS DISTINCT FROM {value}" for name, value in made.items())
    return f"({other}) AND {item.condition}" if item.condition else f"({other})"


def _query(item: Written, key: SchemaObject, pairs: dict[str, str], own: str) -> str:
    shown = ", ".join(f"child.{name}::text" for name in pairs.values())
    equal = " AND ".join(f"child.{mine} = gone.{theirs}" for theirs, mine in pairs.items())
    there = ", ".join(pairs)
    return (
        f"SELECT {shown} FROM {key.parent} AS child "
        f"JOIN (SELECT {there} FROM {item.relation} WHERE {own}) AS gone ON {equal} LIMIT 1"
    )
